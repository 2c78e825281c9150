import type { FunnelEvent, Recorded } from '@funnel/events'
import { leadOf } from './deal/node.js'
import { clockKey, factOf, isOfClock, isOfDeal, isOfLead, isOfVisitor, linksIn } from './fact.js'
import { saidOn } from './identity/consent.js'
import { changesVisitor } from './identity/visitor.js'
import { linksOf } from './lead/parents.js'
import { nodeId, type FoldState, type NodeKind, type StateOf } from './state.js'
import type { NodeRef } from './state.js'

/**
 * The nodes that must be loaded before `records` can be folded and that `loaded` does not have yet. The caller loads them
 * (or notes that they do not exist) and asks again, until nothing is missing: a few rounds, visitor → person (up to the
 * root of its ids, then down) → leads → deals and clocks. What the records link to one another needs no further round: each end is
 * named by one of them.
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
  /** The root of a person's ids, as far as they are loaded. */
  const wantRoot = (key: string | undefined): string | undefined => {
    const into = want('person', key)?.into
    return into === undefined ? key : wantRoot(into)
  }
  const wantParents = ({ person, visitor }: { person?: string | undefined; visitor?: string | undefined }) => {
    wantRoot(person)
    wantRoot(want('visitor', visitor)?.identified?.person)
  }
  const wantLeads = (keys: readonly string[] = []) => {
    for (const key of keys) {
      const lead = want('lead', key)
      if (!lead) continue
      wantParents(linksOf(lead.facts))
      // another one where an id between them was parked before it could tell the lead
      want('person', lead.person)
      for (const deal of lead.deals) want('deal', deal)
      for (const clock of lead.clocks ?? []) want('clock', clock)
    }
  }
  /** An id and what is merged into it; a parked one tells nobody, and may still list what it has lost. */
  const wantTree = (key: string | undefined) => {
    const person = want('person', key)
    if (!person || person.parked !== undefined) return
    wantLeads(person.leads)
    for (const one of person.absorbed ?? []) wantTree(one.person)
  }
  const wantPerson = (key: string | undefined) => wantTree(wantRoot(key))

  for (const record of records) {
    const { event } = record
    if (isOfVisitor(event)) {
      const visitor = want('visitor', event.data.visitor)
      if (event.type === 'visitor.identified') wantPerson(event.data.person)
      // only what comes first concerns anybody else
      if (!visitor || !changesVisitor(factOf(record), visitor)) continue
      wantPerson(visitor.identified?.person)
      wantLeads(visitor.leads)
    } else if (event.type === 'person.absorbed') {
      wantPerson(event.data.person)
      wantPerson(event.data.into)
    } else if (event.type === 'person.released') {
      wantPerson(event.data.person)
    } else if (event.type === 'person.consent-recorded') {
      if (saidOn(event.data.purposes) !== undefined) wantPerson(event.data.person)
    } else if (event.type === 'person.account-matched') {
      want('person', event.data.person)
    } else if (isOfLead(event)) {
      wantLeads([event.data.lead])
      wantParents(linksIn(event))
    } else if (isOfDeal(event)) {
      want('lead', linksIn(event).lead)
      want('lead', leadOf(want('deal', event.data.deal)?.facts ?? []))
    } else if (isOfClock(event)) {
      want('clock', clockKey(event.data))
      want('lead', event.data.lead)
    }
  }
  return [...wanted.values()]
}
