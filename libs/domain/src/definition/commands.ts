import type { Approvals } from '@funnel/definitions'
import type { Instant } from '@funnel/events'

/** What can be asked of a definition. */
export interface DefinitionCommand {
  readonly type: 'definition.apply'
  /** `<kind>/<id>`. */
  readonly definition: string
  readonly version: number
  /** From when on it is to be in force; absent: at once. */
  readonly effective?: Instant
  readonly approved: Approvals
  /** The definition as its file has it, without its approvals. */
  readonly content: unknown
}
