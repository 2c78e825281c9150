import type { LeadCommand, QueueCommand, SlaCommand } from '@funnel/domain'
import type { Turn } from '../reactor.js'
import type { Kept } from './kept.js'

/** What follows from an escalation: done in its name, so that the log tells why. */
export interface Consequence {
  readonly type: 'consequence'
  readonly lead: string
  /** The event of the breach. */
  readonly of: string
  readonly command:
    Extract<LeadCommand, { readonly type: 'lead.assign' }> | Extract<QueueCommand, { readonly type: 'queue.leave' }>
}

/** What the monitor asks for. */
export type Intended = SlaCommand | Consequence

export type Step = Turn<Kept, Intended>
