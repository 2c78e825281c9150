import type { Definitions } from '@funnel/definitions'
import { totalOrder, type FunnelEvent, type Recorded } from '@funnel/events'
import type { Line } from '../line.js'
import { clockContributions } from './clock.js'
import { dealContributions, wonAt } from './deal.js'
import { definitionsIn } from './definitions.js'
import { valuesAt } from './dimensions.js'
import { happenedIn, inOrder, lastOf, type Happened } from './happened.js'
import { firstTouches } from './first-touch.js'
import { identities } from './identity.js'
import { leadContributions } from './lead.js'
import { personContributions } from './person.js'

/**
 * What a set of facts adds to the measures under the definitions that it says are in force, and `base` where it says
 * nothing, from nothing and at once: the definition that every incremental fold must equal, and what a rebuild of the log
 * cut at T must give. Shares no code with the fold: no state, no increments, every value looked up in the whole set. Lines
 * of amount zero and pairs that cancel out may be among the result. Slow; for tests and for proofs of small logs.
 */
export function contributions(records: readonly Recorded<FunnelEvent>[], base: Definitions): Line[] {
  const definitions = definitionsIn(records, base)
  const all = inOrder(records)
  const group = (prefix: RegExp, field: string) =>
    Map.groupBy(
      all.filter(({ type }) => prefix.test(type)),
      ({ data }) => data[field] as string,
    )
  const touches = all.filter(({ type }) => type === 'touchpoint.recorded')
  const leads = group(/^(lead|handoff)\./, 'lead')
  const deals = group(/^deal\./, 'deal')
  const clocks = Map.groupBy(
    records
      .filter(({ event }) => event.type.startsWith('sla.'))
      .toSorted(totalOrder)
      .map(happenedIn),
    ({ data }) => (data['lead'] === undefined ? '' : `${data['lead'] as string}/`) + (data['clock'] as string),
  )

  const identity = identities(records)
  const firstTouchOf = firstTouches(all, identity)
  const leadOf = (deal: readonly Happened[]) => lastOf(deal, 'lead') as string | undefined

  const ofLeads = [...leads].flatMap(([id, facts]) => {
    const wins = [...deals.values()].filter((deal) => leadOf(deal) === id).flatMap((deal) => wonAt(deal) ?? [])
    return leadContributions(id, facts, wins, { firstTouch: firstTouchOf(facts) }, definitions)
  })

  return [
    ...touches.map((touch): Line => ({
      measure: 'touch',
      amount: 1,
      occurred: touch.at,
      subject: { kind: 'visitor', id: touch.data['visitor'] as string },
      dims: valuesAt([touch], 0, 'touch', definitions),
    })),
    ...ofLeads,
    ...personContributions(
      ofLeads.filter(({ measure }) => measure === 'lead.captured'),
      (lead) => identity.personOfLead(leads.get(lead)!),
    ),
    ...[...deals].flatMap(([id, facts]) => {
      const lead = leads.get(leadOf(facts) ?? '') ?? []
      return dealContributions(id, facts, { lead, firstTouch: firstTouchOf(lead) }, definitions)
    }),
    ...[...clocks].flatMap(([id, facts]) => {
      const of = facts[0]!.data['lead'] as string | undefined
      const lead = (of === undefined ? undefined : leads.get(of)) ?? []
      return clockContributions(id, facts, { lead, firstTouch: firstTouchOf(lead) }, definitions)
    }),
  ]
}
