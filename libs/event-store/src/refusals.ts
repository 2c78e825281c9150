import { FunnelError } from '@funnel/events'

/** A stream has another version than a decision rests on. */
export const versionConflict = (details: { stream: string; expected: number; actual: number }): FunnelError =>
  new FunnelError(
    'VERSION_CONFLICT',
    `${details.stream} is at version ${details.actual}, not ${details.expected}: read it again and decide anew`,
    details,
  )

/** An event of a decision was recorded before. */
export const knownId = (details: { id: string }): FunnelError =>
  new FunnelError('CONFLICT', `the event ${details.id} was recorded before: read what was decided then`, details)
