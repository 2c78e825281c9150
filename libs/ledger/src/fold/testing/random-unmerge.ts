import * as fc from 'fast-check'
import { happenings, T0 } from './random-log.js'
import type { Happening } from './recorded-log.js'

/** Happenings with a merge among them, and the release that undoes it. */
export interface Unmerged {
  readonly list: readonly Happening[]
  /** Indexes of the two. */
  readonly merge: number
  readonly release: number
}

/** What happens before a merge, while it stands and after its release, with no decision that the merge would have kept out. */
export const unmerged = (): fc.Arbitrary<Unmerged> =>
  fc.tuple(happenings(12), happenings(16), happenings(8)).map(([before, between, after]) => {
    const [person, into] = ['p1', 'p2']
    const merge: Happening = { type: 'person.absorbed', data: { person, into }, at: T0 }
    const release: Happening = { type: 'person.released', data: { person, from: into }, at: T0 }
    const list = letPass([
      ...before.filter(
        ({ type, data }) => type !== 'person.absorbed' || (data['person'] !== person && data['person'] !== into),
      ),
      merge,
      ...between.filter(({ type, data }) => type !== 'person.released' || data['person'] !== person),
      release,
      ...after,
    ])
    return { list, merge: list.indexOf(merge), release: list.indexOf(release) }
  })

/** Without the merges and releases that no decider lets pass: an absorbed id neither absorbs nor is absorbed again. */
function letPass(list: readonly Happening[]): Happening[] {
  const absorbed = new Map<unknown, unknown>()
  return list.filter(({ type, data: { person, into, from } }) => {
    if (type === 'person.released') return absorbed.get(person) === from && absorbed.delete(person)
    if (type !== 'person.absorbed') return true
    if (person === into || absorbed.has(person) || absorbed.has(into)) return false
    absorbed.set(person, into)
    return true
  })
}
