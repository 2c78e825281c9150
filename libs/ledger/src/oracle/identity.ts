import { totalOrder, type FunnelEvent, type Recorded } from '@funnel/events'
import { inOrder, lastOf, type Happened } from './happened.js'

type Log = readonly Recorded<FunnelEvent>[]

/** Who is who. Merges, releases and unlinks are decisions: they come in the order in which they were recorded. */
export function identities(records: Log) {
  const log = records.toSorted(totalOrder)
  const into = aliases(log)
  const rootOf = (person: unknown): unknown => (into.has(person) ? rootOf(into.get(person)) : person)
  const ofVisitors = Map.groupBy(
    log.filter(({ event }) => event.type.startsWith('visitor.')),
    ({ event }): unknown => event.partitionkey,
  )
  const persons = new Map([...ofVisitors].map(([visitor, own]) => [visitor, rootOf(identifiedAs(own))]))
  const personOf = (visitor: unknown) => persons.get(visitor)
  /** Whose lead it is, by its facts: the person named last, else the visitor's. */
  const personOfLead = (facts: readonly Happened[]) => {
    const named = lastOf(facts, 'person')
    return named === undefined ? personOf(lastOf(facts, 'visitor')) : rootOf(named)
  }
  return { personOf, personOfLead, rootOf }
}

/**
 * Into whom each id is absorbed: by the decisions that stand, in the order in which they were recorded, each unless it makes
 * a circle with those before it. To absorb an id that is absorbed, and to release it from another, counts for nothing.
 */
function aliases(log: Log): ReadonlyMap<unknown, unknown> {
  const standing = new Map<unknown, unknown>()
  for (const { event } of log) {
    if (event.type === 'person.absorbed' && !standing.has(event.data.person))
      standing.set(event.data.person, event.data.into)
    if (event.type === 'person.released' && standing.get(event.data.person) === event.data.from)
      standing.delete(event.data.person)
  }
  const into = new Map<unknown, unknown>()
  const within = (person: unknown, other: unknown): boolean =>
    person === other || (into.has(person) && within(into.get(person), other))
  for (const [person, other] of standing) if (!within(other, person)) into.set(person, other)
  return into
}

/**
 * The person of a visitor: the first identification to happen, of those that were recorded after the last unlink that
 * undid one, and happened after it too. `own` are its identifications and unlinks as they were recorded.
 */
function identifiedAs(own: Log): unknown {
  const undoing = own.findLastIndex(
    ({ event }, i) => event.type === 'visitor.unlinked' && identifiedAs(own.slice(0, i)) === event.data.person,
  )
  const since = inOrder(
    own.filter(({ event }, i) => i === undoing || (i > undoing && event.type === 'visitor.identified')),
  )
  return since[since.findIndex(({ type }) => type === 'visitor.unlinked') + 1]?.data['person']
}
