import type { Subject, Team } from '@funnel/definitions'
import type { Dims } from '../line.js'
import type { InForce } from './definitions.js'
import { lastOf, type Happened } from './happened.js'

/**
 * What a subject has from others, as known now: the first touch, of a deal or a clock that of its lead; and these the
 * facts of their lead.
 */
export interface FromOthers {
  readonly firstTouch?: Happened | undefined
  readonly lead?: readonly Happened[]
}

/**
 * The dimension values of a subject with these facts, as of the fact `index`, by the definitions in force at it.
 */
export function valuesAt(
  facts: readonly Happened[],
  index: number,
  subject: Subject,
  definitions: InForce,
  { firstTouch, lead = [] }: FromOthers = {},
): Dims {
  const values = definitions(facts[index]!.judged).dimensions.map(({ id, sources }): [string, unknown] => {
    const inherits = sources[subject]?.from === 'lead'
    const source = inherits ? sources.lead : sources[subject]
    if (!source) return [id, undefined]
    const { from, attribute, value } = source
    if (from === 'reason') return [id, inherits ? undefined : facts[index]?.data['reason']]
    if (from.startsWith('first-touch.')) return [id, firstTouch?.data[from.slice('first-touch.'.length)]]
    // an event of a clock says all of it that is known
    const own = value === 'latest' ? facts : facts.slice(0, index + 1)
    const known = inherits ? lead : subject === 'clock' ? own.slice(-1) : own
    if (attribute !== undefined) {
      const owner = lastOf(known, 'owner') as string
      const at = value === 'latest' && !inherits ? facts.at(-1)! : facts[index]!
      const team = definitions(at.judged)
        .teams.filter(({ members }) => members.includes(owner))
        .reduce<Team | undefined>((first, one) => (first && first.id < one.id ? first : one), undefined)
      return [id, attribute === 'team' ? team?.id : team?.manager]
    }
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
