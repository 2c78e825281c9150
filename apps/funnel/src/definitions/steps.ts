import {
  kinds,
  type Applied,
  type DefinitionFile,
  type DefinitionFiles,
  type KindOf,
  type Kind,
} from '@funnel/definitions'
import { definitionDecider, type DefinitionCommand } from '@funnel/domain'
import { FunnelError, type Instant } from '@funnel/events'
import { changesBetween, type Change } from './changes.js'

/** What applying the files comes to for one definition. */
export interface Step {
  readonly state: 'new' | 'changed' | 'unchanged'
  /** The version that was applied last. */
  readonly last?: number
  readonly changes: readonly Change[]
  /** Why it cannot be applied as it is. */
  readonly refused?: string
  readonly command: DefinitionCommand
}

/** One step for each definition in the files, at an instant, against what was applied last. Pure. */
export const stepsFor = (
  files: DefinitionFiles,
  applied: ReadonlyMap<string, Applied>,
  at: Instant,
  effective?: Instant,
): readonly Step[] =>
  kinds.flatMap((kind) =>
    files[kind].map(({ value, approved }: DefinitionFile<KindOf[Kind]>): Step => {
      const definition = `${kind}/${value.id}`
      const last = applied.get(definition)
      const command: DefinitionCommand = {
        type: 'definition.apply',
        definition,
        version: value.version,
        ...(effective !== undefined && { effective }),
        approved,
        content: value,
      }
      const step = {
        command,
        changes: last ? changesBetween(last.content, value) : [],
        ...(last && { last: last.version }),
      }
      const state = last ? 'changed' : 'new'
      try {
        const events = definitionDecider.decide(command, last ?? definitionDecider.initialState, at)
        return { ...step, state: events.length ? state : 'unchanged' }
      } catch (error) {
        if (!(error instanceof FunnelError)) throw error
        return { ...step, state, refused: error.message }
      }
    }),
  )

/** What was applied and is in no file any more. It stays in force. */
export const removedFrom = (steps: readonly Step[], applied: ReadonlyMap<string, Applied>): readonly Applied[] => {
  const named = new Set(steps.map(({ command }) => command.definition))
  return [...applied.values()].filter(({ definition }) => !named.has(definition))
}
