import { FunnelError, type Instant } from '@funnel/events'

/** A stream as it was at a version. */
export interface Remembered<State> {
  readonly version: number
  readonly state: State
  readonly last: Last
}

/** The latest instants of some streams; 0 where there is none. */
export interface Last {
  /** When anything happened in them, observed or decided. */
  readonly happened: Instant
  /** When anything was recorded in them. */
  readonly recorded: Instant
  /** When a decision was taken: it may happen later than that, see `handle`, and is recorded at once. */
  readonly decided: Instant
}

/**
 * For decisions on one long stream, time and again, by one decider: where its state is kept between them, so that only what
 * came after it is read, and where those who decide on it in this process take turns, so that none decides in vain. Grows
 * with the number of streams.
 */
export class StreamMemory<State> {
  private readonly states = new Map<string, Remembered<State>>()
  /** The end of each line: when the last who came has decided. */
  private readonly lines = new Map<string, Promise<void>>()

  get(stream: string): Remembered<State> | undefined {
    return this.states.get(stream)
  }

  set(stream: string, remembered: Remembered<State>): void {
    this.states.set(stream, remembered)
  }

  /** Does some work once all who came before have done theirs. Where one of them finds the store down, so does who waits. */
  async inTurn<Result>(stream: string, work: () => Promise<Result>): Promise<Result> {
    const before = this.lines.get(stream)
    const turn = before ? before.then(work) : work()
    const line = turn.then(
      () => undefined,
      (error: unknown) => {
        if (error instanceof FunnelError && error.code === 'UNAVAILABLE') throw error
      },
    )
    this.lines.set(stream, line)
    try {
      return await turn
    } finally {
      await line.catch(() => undefined)
      if (this.lines.get(stream) === line) this.lines.delete(stream)
    }
  }
}
