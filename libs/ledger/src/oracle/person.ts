import type { Line } from '../line.js'

/** What persons add: of each the first of the captures of its leads, `captures` of all leads, those at one instant by lead. */
export function personContributions(captures: readonly Line[], personOf: (lead: string) => unknown): Line[] {
  const inOrder = captures.toSorted(
    (a, b) => a.occurred - b.occurred || (a.subject.id < b.subject.id ? -1 : a.subject.id > b.subject.id ? 1 : 0),
  )
  return [...Map.groupBy(inOrder, ({ subject }) => personOf(subject.id))].flatMap(([person, [first]]) =>
    person === undefined || !first
      ? []
      : [{ ...first, measure: 'person.captured', subject: { kind: 'person', id: person as string } }],
  )
}
