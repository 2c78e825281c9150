import type { FunnelEvent, Recorded } from '@funnel/events'
import { leadOf } from './deal/node.js'
import { factOf, isOfDeal, isOfLead, linksIn } from './fact.js'
import { changesVisitor } from './identity/visitor.js'
import { linksOf } from './lead/parents.js'
import { nodeId, type FoldState, type NodeKind, type StateOf } from './state.js'
import type { NodeRef } from './state.js'

/**
 * The nodes that must be loaded before `records` can be folded and that `loaded` does not have yet. The caller loads them
 * (or notes that they do not exist) and asks again, until nothing is missing: a few rounds, visitor → person → leads →
 * deals. What the records link to one another needs no further round: each end is named by one of them.
 */
export function missing(
  state: Pick<FoldState, 'get'>,
  loaded: { has(id: string): boolean },
  records: readonly Recorded<FunnelEvent>[],
): NodeRef[] {
  const wanted = new Map<string, NodeRef>()
  /** The node, where it is loaded and there; else it is asked for. */
  const want = <K extends NodeKind>(kind: K, key: string | undefined): StateOf<K> | undefined => {
    if (key === undefined) return undefined
    const ref = { kind, key }
    const id = nodeId(ref)
    if (loaded.has(id)) return state.get(ref) as StateOf<K> | undefined
    wanted.set(id, ref)
    return undefined
  }
  const wantParents = ({ person, visitor }: { person?: string | undefined; visitor?: string | undefined }) => {
    want('person', person)
    want('person', want('visitor', visitor)?.identified?.person)
  }
  const wantLeads = (keys: readonly string[] = []) => {
    for (const key of keys) {
      const lead = want('lead', key)
      if (!lead) continue
      wantParents(linksOf(lead.facts))
      for (const deal of lead.deals) want('deal', deal)
    }
  }
  const wantPerson = (key: string | undefined) => wantLeads(want('person', key)?.leads)

  for (const record of records) {
    const { event } = record
    if (event.type === 'touchpoint.recorded' || event.type === 'visitor.identified') {
      const visitor = want('visitor', event.data.visitor)
      if (event.type === 'visitor.identified') wantPerson(event.data.person)
      // only what comes first concerns anybody else
      if (!visitor || !changesVisitor(factOf(record), visitor)) continue
      wantPerson(visitor.identified?.person)
      wantLeads(visitor.leads)
    } else if (isOfLead(event)) {
      wantLeads([event.data.lead])
      wantParents(linksIn(event))
    } else if (isOfDeal(event)) {
      want('lead', linksIn(event).lead)
      want('lead', leadOf(want('deal', event.data.deal)?.facts ?? []))
    }
  }
  return [...wanted.values()]
}
