import * as fc from 'fast-check'
import type { Decided } from '../decider.js'
import type { Act } from './play.js'

/** How often each property is tried. */
export const numRuns = Number(process.env['FUNNEL_RUNS'] ?? 1000)

export const SECOND = 1000

/** Ids for specs. Names that are properties of every object are ids like any other. */
export const anId = fc.constantFrom('a', 'b', '__proto__', 'constructor')

export type Fields = Readonly<Record<string, fc.Arbitrary<unknown>>>

/** Objects with these fields and perhaps some of the others. */
export const saying = (fields: Fields, optional: Fields = {}): fc.Arbitrary<Record<string, unknown>> =>
  fc.record({ ...fields, ...optional }, { requiredKeys: Object.keys(fields), noNullPrototype: true })

/** Commands of a type, with their `fields`. */
export const asking = <Command>(type: string, fields: Fields, optional?: Fields): fc.Arbitrary<Command> =>
  saying({ type: fc.constant(type), ...fields }, optional) as unknown as fc.Arbitrary<Command>

/** Reports of a type, with their `data`. */
export const reporting = (type: string, fields: Fields, optional?: Fields): fc.Arbitrary<Decided> =>
  saying({ type: fc.constant(type), data: saying(fields, optional) }) as unknown as fc.Arbitrary<Decided>

/** Commands and reports among them, seconds apart; no two facts are of one instant, some lie a little in the future. */
export const acts = <Command>(
  commands: readonly fc.Arbitrary<Command>[],
  reports: readonly fc.Arbitrary<Decided>[] = [],
): fc.Arbitrary<Act<Command>[]> => {
  const later = fc.integer({ min: 1, max: 4 }).map((seconds) => seconds * SECOND)
  const ago = fc.integer({ min: -5, max: 60 })
  return fc
    .array(
      fc.oneof(
        ...commands.map((command) => fc.record({ later, command })),
        ...reports.map((report) => fc.record({ later, report, ago })),
      ),
      { maxLength: 60, size: 'max' },
    )
    .map((list) => list.map((act, i) => ('ago' in act ? { ...act, ago: act.ago * SECOND + i + 1 } : act)))
}
