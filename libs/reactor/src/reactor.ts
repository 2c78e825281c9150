import type { FunnelEvent, Instant, Recorded } from '@funnel/events'

/** What a reactor keeps of a subject; plain JSON. */
export type Json = null | string | number | boolean | readonly Json[] | { readonly [name: string]: Json }

/** Something that is to happen at an instant unless it is cancelled before. */
export interface Timer {
  /** Unique within its reactor; arming it again moves it. */
  readonly id: string
  readonly due: Instant
  /** The event that armed it: the cause of what it leads to. */
  readonly cause: Cause
  readonly data: Json
}

/** The event that something follows from. */
export interface Cause {
  readonly id: string
  readonly correlationid?: string
  readonly hops?: number
}

/** A command that a reactor wants carried out. */
export interface Intent<Command> {
  readonly command: Command
  readonly cause: Cause
  /** Unique for ever for this outcome of this cause: what is carried out twice under it happens once. */
  readonly key: string
  /** When the platform knew that it was to be done: the recorded time of the event, or the due time. */
  readonly at: Instant
}

/** What one step of a reactor may see and do. */
export interface Turn<State extends Json, Command> {
  readonly get: (key: string) => State | undefined
  /** Keeps another state; undefined forgets it. */
  readonly set: (key: string, state: State | undefined) => void
  readonly arm: (id: string, due: Instant, data: Json) => void
  readonly cancel: (id: string) => void
  /** Asks for a command; `rule` names why, so that one cause may lead to several outcomes. Gives the key of the intent. */
  readonly command: (rule: string, command: Command) => string
}

/**
 * Decides what follows from the log. Deterministic: it sees the events of the total order, its own states and its timers,
 * and no clock. What it wants done are commands; whether they may happen is for their deciders.
 */
export interface Reactor<State extends Json, Command> {
  readonly name: string
  /**
   * Keys of the states that a step may read or write. Asked again with what was loaded meanwhile until it names nothing
   * new, so a state may tell which others are needed.
   */
  readonly keysOf: (step: Recorded<FunnelEvent> | Timer, peek: (key: string) => State | undefined) => readonly string[]
  readonly react: (record: Recorded<FunnelEvent>, turn: Turn<State, Command>) => void
  readonly due: (timer: Timer, turn: Turn<State, Command>) => void
  /** What a command is about: those about the same are carried out one after the other. Absent: those of one cause are. */
  readonly about?: (command: Command) => string
}

export const isTimer = (step: Recorded<FunnelEvent> | Timer): step is Timer => 'due' in step
