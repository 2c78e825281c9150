import type { Definitions, Subject } from '@funnel/definitions'
import type { Dims } from '../line.js'
import { lastOf, type Happened } from './happened.js'

/** What a subject has from others, as known now. */
export interface FromOthers {
  readonly firstTouch?: Happened | undefined
  readonly lead?: Dims
}

/** The dimension values of a subject with these facts, as of the fact `index`. */
export function valuesAt(
  facts: readonly Happened[],
  index: number,
  subject: Subject,
  definitions: Definitions,
  { firstTouch, lead = {} }: FromOthers = {},
): Dims {
  const values = definitions.dimensions.map(({ id, sources }): [string, unknown] => {
    const source = sources[subject]
    if (!source) return [id, undefined]
    const { from, value } = source
    if (from === 'reason') return [id, facts[index]?.data['reason']]
    if (from === 'lead') return [id, lead[id]]
    if (from.startsWith('first-touch.')) return [id, firstTouch?.data[from.slice('first-touch.'.length)]]
    const known = value === 'latest' ? facts : facts.slice(0, index + 1)
    if (!from.startsWith('properties.')) return [id, lastOf(known, from)]
    const name = from.slice('properties.'.length)
    const told = known.findLast(({ data }) => Object.hasOwn((data['properties'] as object | undefined) ?? {}, name))
    return [id, told && (told.data['properties'] as Record<string, unknown>)[name]]
  })
  return Object.fromEntries(
    values.flatMap(([id, value]) =>
      value === undefined || value === null ? [] : [[id, `${value as string | number}`]],
    ),
  )
}

/** The dimension values of a subject as known now. */
export const valuesNow = (
  facts: readonly Happened[],
  subject: Subject,
  definitions: Definitions,
  others: FromOthers = {},
): Dims =>
  valuesAt(
    facts,
    facts.length - 1,
    subject,
    {
      ...definitions,
      dimensions: definitions.dimensions.map((dimension) => ({
        ...dimension,
        sources: Object.fromEntries(
          Object.entries(dimension.sources).map(([of, source]) => [of, { ...source, value: 'latest' }]),
        ),
      })),
    },
    others,
  )
