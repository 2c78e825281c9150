import { leadOf } from './deal/node.js'
import { clockKey, factIn, isOfClock, isOfDeal, isOfLead, isOfVisitor, linksIn, type FactRecord } from './fact.js'
import { saidOn } from './identity/consent.js'
import { changesVisitor } from './identity/visitor.js'
import { linksOf } from './lead/parents.js'
import { NodeMap, type NodeKind, type NodeRef, type NodeState, type StateOf } from './state.js'

/** What must be loaded, and the records that need it: whatever the others read is there. */
export interface Missing {
  readonly refs: readonly NodeRef[]
  readonly records: readonly FactRecord[]
}

/**
 * The nodes that must be loaded before `records` can be folded and that `loaded` does not have yet; null stands for one that
 * does not exist. The caller loads them (or notes that they do not exist) and asks again for the records that need them, until
 * nothing is missing: a few rounds, visitor → person (up to the root of its ids, then down) → leads → deals and clocks. What
 * the records link to one another needs no further round: each end is named by one of them.
 */
export function missing(
  loaded: { get(ref: NodeRef): NodeState | null | undefined },
  records: readonly FactRecord[],
): Missing {
  const wanted = new NodeMap<NodeRef>()
  const waiting: FactRecord[] = []
  let complete = true
  /** The node, where it is loaded and there; else it is asked for. */
  const want = <K extends NodeKind>(kind: K, key: string | undefined): StateOf<K> | undefined => {
    if (key === undefined) return undefined
    const ref = { kind, key }
    const node = loaded.get(ref)
    if (node !== undefined) return (node as StateOf<K> | null) ?? undefined
    wanted.set(ref, ref)
    complete = false
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

  const wantFor = (record: FactRecord) => {
    const { event } = record
    if (isOfVisitor(event)) {
      const visitor = want('visitor', event.data.visitor)
      if (event.type === 'visitor.identified') wantPerson(event.data.person)
      // only what comes first concerns anybody else
      if (!visitor || !changesVisitor(factIn(record), visitor)) return
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
  for (const record of records) {
    complete = true
    wantFor(record)
    if (!complete) waiting.push(record)
  }
  return { refs: wanted.values(), records: waiting }
}
