import type { DealCommand, LeadCommand, QueueCommand } from '@funnel/domain'
import type { Instant } from '@funnel/events'

/** What people of the company decide. */
export type DemoCommand = LeadCommand | DealCommand | QueueCommand

/** An event as the public door takes it. */
export interface DemoEvent {
  readonly id: string
  readonly type: string
  readonly time: string
  readonly data: Readonly<Record<string, unknown>>
}

/** Something that the company tells the platform. */
export interface Told {
  readonly kind: 'event'
  /** When it is told, which may be long after it happened. */
  readonly at: Instant
  readonly event: DemoEvent
}

/** Something that somebody in the company asks of the platform. */
export interface Asked {
  readonly kind: 'command'
  readonly at: Instant
  /** Names this very request. */
  readonly key: string
  readonly actor: string
  readonly command: DemoCommand
}

/** What the company does, as the platform sees it; plain JSON. */
export type Act = Told | Asked
