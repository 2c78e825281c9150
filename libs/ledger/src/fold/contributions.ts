import type { Definitions } from '@funnel/definitions'
import type { FunnelEvent, Recorded } from '@funnel/events'
import type { Line } from '../line.js'
import { dealLines, leadOf, wonAtOf } from './deal.js'
import { factOf, factOrder, type Fact } from './fact.js'
import { leadLines, linksOf, passedOn } from './lead.js'
import type { DealState, FirstTouch, LeadState } from './state.js'
import { earliest, firstTouch, touchLine } from './touch.js'

/**
 * What a set of facts adds to the measures, from nothing and at once: the definition that every incremental fold must
 * equal. It keeps no state, resolves identities over the whole set, and is what a rebuild of a log cut at T must give.
 */
export function contributions(records: readonly Recorded<FunnelEvent>[], definitions: Definitions): Line[] {
  const facts = records.map(factOf).toSorted(factOrder)
  const of = (...types: FunnelEvent['type'][]) =>
    facts.filter(({ type }) => (types as string[]).includes(type)) as Fact[]
  const group = (list: readonly Fact[], field: string) => Map.groupBy(list, ({ data }) => data[field] as string)

  const touches = of('touchpoint.recorded')
  const touchesOf = group(touches, 'visitor')
  const personOf = new Map(
    [...group(of('visitor.identified'), 'visitor')].map(([visitor, [first]]) => [
      visitor,
      first!.data['person'] as string,
    ]),
  )
  const firstOfVisitor = (visitor: string): FirstTouch | undefined => {
    const touch = touchesOf.get(visitor)?.[0]
    return touch && firstTouch(touch, touch.data as never)
  }
  const firstOfPerson = (person: string) =>
    earliest(
      [...personOf].filter(([, of]) => of === person).map(([visitor]) => firstOfVisitor(visitor)),
      factOrder,
    )

  const dealFacts = group(
    of('deal.opened', 'deal.stage-entered', 'deal.amount-changed', 'deal.won', 'deal.lost', 'deal.reopened'),
    'deal',
  )
  const leadFacts = group(of('lead.captured', 'lead.stage-entered'), 'lead')
  const dealsOf = Map.groupBy([...dealFacts.keys()], (deal) => leadOf(dealFacts.get(deal)!))

  const leads = new Map<string, LeadState>()
  for (const key of new Set([...leadFacts.keys(), ...dealsOf.keys()])) {
    if (key === undefined) continue
    const own = leadFacts.get(key) ?? []
    const { person, visitor } = linksOf(own)
    const touch =
      person !== undefined ? firstOfPerson(person) : visitor !== undefined ? firstOfVisitor(visitor) : undefined
    const deals = dealsOf.get(key) ?? []
    const won = deals.flatMap((deal): [string, number][] => {
      const at = wonAtOf({ kind: 'deal', facts: dealFacts.get(deal)!, inherited: {} })
      return at === undefined ? [] : [[deal, at]]
    })
    leads.set(key, { kind: 'lead', facts: own, won: Object.fromEntries(won), deals, ...(touch ? { touch } : {}) })
  }
  const deals = [...dealFacts].map(([key, own]): [string, DealState] => {
    const lead = leads.get(leadOf(own) ?? '')
    return [
      key,
      { kind: 'deal', facts: own, inherited: lead && leadOf(own) !== undefined ? passedOn(lead, definitions) : {} },
    ]
  })
  return [
    ...touches.map((fact) => touchLine(fact, fact.data as never, definitions)),
    ...[...leads].flatMap(([key, lead]) => leadLines(key, lead, definitions)),
    ...deals.flatMap(([key, deal]) => dealLines(key, deal, definitions)),
  ]
}
