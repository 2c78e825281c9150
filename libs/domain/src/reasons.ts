import type { ReasonFor, Taxonomy } from '@funnel/definitions'
import { FunnelError } from '@funnel/events'

/** A decision with the reason for it. */
export interface Reasoned {
  /** An id of the shared taxonomy of this kind of decision. */
  readonly reason: string
  /** The id of a note in the vault; some reasons need one. */
  readonly note?: string
}

/** Throws INVALID where the taxonomy of this kind of decision lacks the reason, or where the note that it needs is missing. */
export function assertReason(taxonomies: readonly Taxonomy[], of: ReasonFor, { reason, note }: Reasoned): void {
  const reasons = taxonomies.find(({ id }) => id === of)?.reasons ?? []
  const known = reasons.find(({ id }) => id === reason)
  if (!known)
    throw new FunnelError(
      'INVALID',
      reasons.length
        ? `reason is none of the taxonomy ${of}: give one of ${reasons.map(({ id }) => id).join(', ')}`
        : `there are no reasons for ${of}: define the taxonomy of this id`,
      { field: 'reason' },
    )
  if (known.note && note === undefined)
    throw new FunnelError('INVALID', `the reason ${known.id} says too little: add a note`, { field: 'note' })
}
