import { isDeepStrictEqual } from 'node:util'
import { definitionHash } from '@funnel/definitions'
import { FunnelError } from '@funnel/events'
import type { Decider } from '../decider.js'
import type { DefinitionCommand } from './commands.js'

/** What was applied last; version 0 before that. */
export interface DefinitionState {
  readonly version: number
  readonly hash: string
  /** Absent before that. */
  readonly content?: unknown
}

/** The last millisecond that a date can be. */
const END_OF_TIME = 8_640_000_000_000_000

/**
 * Applies versions of a definition, in the stream `definition-<kind>/<id>`. The version that was applied last, with the
 * same content, is no event. REJECTED: other content under a version that was not raised; a promise about periods that
 * goes on by others, as those that run would miss what happens after; an approval that is missing; an effective instant
 * before `at`: what is recorded is not judged by what came later.
 */
export const definitionDecider: Decider<DefinitionCommand, DefinitionState> = {
  initialState: { version: 0, hash: '' },

  decide({ definition, version, effective, approved: { marketing, sales }, content }, last, at) {
    const hash = definitionHash(content)
    if (version === last.version && hash === last.hash) return []
    const refused = (reason: string) =>
      new FunnelError('REJECTED', `${definition} version ${version} ${reason}`, { definition, version })
    if (version <= last.version)
      throw refused(
        version === last.version
          ? 'was applied with other content: raise the version'
          : `is older than version ${last.version}, which was applied: raise the version`,
      )
    const every = everyOf(last.content)
    if (every !== undefined && !isDeepStrictEqual(every, everyOf(content)))
      throw refused(
        `has another every than version ${last.version}, which was applied: give the promise with other periods an id of its own`,
      )
    if (!marketing || !sales) {
      const missing = Object.entries({ marketing, sales }).flatMap(([team, who]) => (who ? [] : [team]))
      throw refused(`is not approved by ${missing.join(' and ')}: say in its file who approved it there`)
    }
    const from = effective ?? at
    if (!(from >= at && from <= END_OF_TIME))
      throw refused('cannot be in force before it is applied: name an instant to come, or none for at once')
    return [
      {
        type: 'definition.applied',
        data: {
          definition,
          version,
          effective: new Date(from).toISOString(),
          approved: { marketing, sales },
          hash,
          content,
        },
      },
    ]
  },

  evolve: (state, { type, data }) =>
    type === 'definition.applied' ? { version: data.version, hash: data.hash, content: data.content } : state,
}

/** By which periods a promise is judged; undefined where a definition is none about periods. */
const everyOf = (content: unknown): unknown => (content as { readonly every?: unknown } | null | undefined)?.every
