import type { Definitions, DimensionSource, Subject } from '@funnel/definitions'
import type { Dims } from '../line.js'
import type { Fact } from './fact.js'
import type { FirstTouch } from './state.js'

/** What dimension values are taken from, as of some fact. */
export interface About {
  readonly channel?: string
  readonly campaign?: string
  readonly kind?: string
  readonly owner?: string
  readonly account?: string
  readonly properties?: Readonly<Record<string, unknown>>
  readonly touch?: FirstTouch
  readonly inherited?: Dims
}

/** What is known of a subject after each of its facts, and in the end: the latest of each value. */
export function knownAfter(facts: readonly Fact[]): { readonly steps: readonly About[]; readonly latest: About } {
  let about: About = {}
  const steps = facts.map(({ data }) => {
    const { owner, account, properties } = data as About
    about = {
      ...about,
      ...(owner === undefined ? {} : { owner }),
      ...(account === undefined ? {} : { account }),
      ...(properties === undefined ? {} : { properties: { ...about.properties, ...properties } }),
    }
    return about
  })
  return { steps, latest: about }
}

/** The dimension values of a line: as of its fact where the definition says so, else as known now. */
export function dimsOf(definitions: Definitions, subject: Subject, atEvent: About, latest: About): Dims {
  const dims: Record<string, string> = {}
  for (const { id, sources } of definitions.dimensions) {
    const source = sources[subject]
    if (!source) continue
    const value = valueOf(source, id, source.value === 'latest' ? latest : atEvent, latest)
    if (value !== undefined && value !== null) dims[id] = String(value)
  }
  return dims
}

function valueOf({ from }: DimensionSource, id: string, about: About, latest: About): unknown {
  if (from === 'lead') return latest.inherited?.[id]
  if (from === 'first-touch.channel') return latest.touch?.channel
  if (from === 'first-touch.campaign') return latest.touch?.campaign
  if (from.startsWith('properties.')) return about.properties?.[from.slice('properties.'.length)]
  return about[from as 'channel' | 'campaign' | 'kind' | 'owner' | 'account']
}
