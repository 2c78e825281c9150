import type { FunnelEvent, Recorded } from '@funnel/events'
import { leadOf } from './deal.js'
import { factOf, factOrder, type FactOrder } from './fact.js'
import { linksOf } from './lead.js'
import { nodeId, type FoldState, type NodeRef } from './state.js'

/**
 * The nodes that must be loaded before `records` can be folded and that `loaded` does not know of yet. The caller loads
 * them (or notes that they do not exist) and asks again, until nothing is missing: three or four rounds at most, visitor →
 * person → leads → deals.
 */
export function missing(
  state: FoldState,
  loaded: ReadonlySet<string>,
  records: readonly Recorded<FunnelEvent>[],
): NodeRef[] {
  const wanted = new Map<string, NodeRef>()
  const want = (kind: NodeRef['kind'], key: string | undefined) => {
    if (key === undefined) return undefined
    const ref = { kind, key }
    if (!loaded.has(nodeId(ref))) {
      wanted.set(nodeId(ref), ref)
      return undefined
    }
    return state.get(ref)
  }
  const leads = (keys: readonly string[]) => {
    for (const key of keys) {
      const lead = want('lead', key)
      if (lead?.kind !== 'lead') continue
      const links = linksOf(lead.facts)
      want('person', links.person)
      want('visitor', links.visitor)
      for (const deal of lead.deals) want('deal', deal)
    }
  }
  const person = (key: string | undefined) => {
    const node = want('person', key)
    if (node?.kind === 'person') leads(node.leads)
  }

  for (const record of records) {
    const { event } = record
    switch (event.type) {
      case 'touchpoint.recorded': {
        const visitor = want('visitor', event.data.visitor)
        // only a touch that becomes the first one concerns anybody else
        if (visitor?.kind === 'visitor' && isFirst(factOf(record), visitor.first)) {
          person(visitor.identified?.person)
          leads(visitor.leads)
        }
        break
      }
      case 'visitor.identified': {
        const visitor = want('visitor', event.data.visitor)
        person(event.data.person)
        if (visitor?.kind === 'visitor') person(visitor.identified?.person)
        break
      }
      case 'lead.captured':
      case 'lead.stage-entered':
        leads([event.data.lead])
        want('person', event.data.person)
        want('visitor', event.data.visitor)
        break
      default: {
        const deal = want('deal', event.data.deal)
        want('lead', event.data.lead)
        if (deal?.kind === 'deal') want('lead', leadOf(deal.facts))
      }
    }
  }
  return [...wanted.values()]
}

/** Whether a touch comes before the first one known. */
export const isFirst = (touch: FactOrder, first: FactOrder | undefined): boolean =>
  !first || factOrder(touch, first) < 0
