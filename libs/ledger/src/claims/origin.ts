import { inForce, type Channels } from '@funnel/definitions'
import { compared, type Claim, type Comparison } from './claim.js'
import type { Agreed, KnownLead } from './known.js'

/**
 * Where did it come from? The channel of the first touch, as it was measured, and what a form or the CRM says. The latter
 * is compared where it names a channel, and only told where it uses other words.
 */
export function origin({ id, state, facts }: KnownLead, agreed: Agreed): Comparison[] {
  const { dimensions } = agreed.definitions
  const measured = dimensions.find(({ sources }) => sources.lead?.from === 'first-touch.channel')
  const reported = dimensions.find(({ id }) => id === 'origin')
  const claims: Claim[] = []
  if (measured && state.touch) {
    const { channel, campaign, id: touch } = state.touch
    claims.push({
      party: 'marketing',
      ...(channel === undefined ? {} : { value: channel }),
      says: `first touch: ${channel ?? 'no channel'}${campaign === undefined ? '' : `, campaign ${campaign}`}`,
      rule: { id: measured.id, version: measured.version },
      events: [touch],
    })
  }
  const from = reported?.sources.lead?.from
  if (!reported || !from?.startsWith('properties.')) return compared('origin', { kind: 'lead', id }, claims)
  const valueIn = (data: Readonly<Record<string, unknown>>) =>
    (data['properties'] as Readonly<Record<string, unknown>> | undefined)?.[from.slice('properties.'.length)]
  const last = facts.findLast(({ data }) => valueIn(data) !== undefined)
  const value = last && valueIn(last.data)
  if (last && (typeof value === 'string' || typeof value === 'number')) {
    const text = String(value)
    claims.push({
      party: 'reported',
      ...(channelsAt(last.at, agreed).has(text) ? { value: text } : {}),
      says: `${text || '(empty)'} (${last.type} of ${last.source})`,
      rule: { id: reported.id, version: reported.version },
      events: [last.id],
    })
  }
  return compared('origin', { kind: 'lead', id }, claims)
}

/** The names that channels have. */
function channelsAt(at: number, { history }: Agreed): ReadonlySet<string> {
  const definition = history.applied.find(({ definition }) => definition.startsWith('channels/'))?.definition
  const channels = definition === undefined ? undefined : inForce(history, definition, at)
  const { rules = [] } = (channels?.content ?? {}) as Partial<Channels>
  return new Set(['direct', 'referral', ...rules.map(({ channel }) => channel)])
}
