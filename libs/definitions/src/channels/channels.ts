import { holds, liesUnder, type Condition } from '../condition/condition.js'
import type { Definition } from '../definitions.js'

export interface ChannelRule {
  /**
   * Over the parameters of the address that are kept (`utm_source`, `utm_medium`, …, click ids such as `gclid`) and
   * `referrer`, the host that was left, without `www.`; all but the click ids in lower case. An empty one has no value.
   */
  readonly where: Condition
  readonly channel: string
  /** Absent: what `utm_campaign` says. */
  readonly campaign?: string
}

/** By which channel a visitor comes: the first rule that holds decides. */
export interface Channels extends Definition {
  /**
   * Domains that bring nobody, with all under them: our own, pages to pay or to sign in. The visited host is always among them.
   */
  readonly ignore: readonly string[]
  readonly rules: readonly ChannelRule[]
}

/** Where a visitor is, and came from: addresses, as the browser has them. */
export interface Visit {
  readonly url?: string | undefined
  readonly referrer?: string | undefined
}

/**
 * The channel and campaign of a visit. Where no rule holds, a visitor with a referrer came by `referral`, any other
 * `direct`. Pure and total: what is no address says nothing; of a parameter that comes twice the first value counts.
 */
export function channelOf(
  { url, referrer }: Visit,
  { ignore, rules }: Channels,
): { readonly channel: string; readonly campaign?: string } {
  const parameters = parametersOf(url)
  const host = hostOf(referrer)
  const own = hostOf(url)
  const ignored = own === undefined ? ignore : [...ignore, own]
  const from = host !== undefined && ignored.some((domain) => liesUnder(host, domain)) ? undefined : host
  const valueOf = (field: string) => {
    if (field === 'referrer') return from
    const value = parameters.get(field)
    return field.startsWith('utm_') ? value?.toLowerCase() : value
  }
  const rule = rules.find(({ where }) => holds(where, valueOf))
  const campaign = rule?.campaign ?? parameters.get('utm_campaign')
  return {
    channel: rule?.channel ?? (from === undefined ? 'direct' : 'referral'),
    ...(campaign !== undefined && { campaign }),
  }
}

/** Addresses without a host are taken to be of this one. */
const NOWHERE = 'nowhere.invalid'

const parsed = (url = ''): URL | null => URL.parse(url, `https://${NOWHERE}`)

function hostOf(url: string | undefined): string | undefined {
  const host = parsed(url)
    ?.hostname.toLowerCase()
    .replace(/^www\./, '')
  return host === NOWHERE ? undefined : host || undefined
}

/** The parameters that have a value, by their names in lower case. */
function parametersOf(url: string | undefined): ReadonlyMap<string, string> {
  const parameters = new Map<string, string>()
  for (const [name, value] of parsed(url)?.searchParams ?? []) {
    const key = name.toLowerCase()
    const text = lineOf(value)
    if (text && !parameters.has(key)) parameters.set(key, text)
  }
  return parameters
}

/** The text as one line of at most 200 characters, which is what an event can hold. */
const lineOf = (text: string): string =>
  text
    // oxlint-disable-next-line no-control-regex
    .replace(/[\u0000-\u001f\u007f]/g, ' ')
    .trim()
    .slice(0, 200)
    .toWellFormed()
