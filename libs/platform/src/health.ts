/** A reason to be unready, or undefined when all is well. Must answer at once: it reads what a loop last saw. */
export type Check = () => string | undefined

/** What a service says of itself: live = its loops tick; ready = it can do its work, and if not, why. */
export class Health {
  readonly #ready = new Map<string, Check>()
  readonly #live = new Map<string, Check>()
  readonly #notes = new Map<string, Check>()
  #stopping = false

  /** Registers a readiness check under a name. */
  ready(name: string, check: Check): void {
    this.#ready.set(name, check)
  }

  /** Registers something that somebody should look after though the service can do its work. */
  note(name: string, check: Check): void {
    this.#notes.set(name, check)
  }

  /** Registers a liveness check; it must never depend on a database or a broker. */
  live(name: string, check: Check): void {
    this.#live.set(name, check)
  }

  /** From now on not ready: no new work, please. */
  stop(): void {
    this.#stopping = true
  }

  /** Whether `stop` was called. */
  get stopping(): boolean {
    return this.#stopping
  }

  readiness(): { ok: boolean; why: Record<string, string> } {
    const why = reasons(this.#ready)
    if (this.#stopping) why['shutdown'] = 'the service is stopping'
    return { ok: Object.keys(why).length === 0, why }
  }

  /** What should be looked after, by name. */
  notes(): Record<string, string> {
    return reasons(this.#notes)
  }

  liveness(): { ok: boolean; why: Record<string, string> } {
    const why = reasons(this.#live)
    return { ok: Object.keys(why).length === 0, why }
  }
}

/** A loop that has not come round for so long is stuck. Milliseconds. */
const STUCK = 60_000

/** That a loop comes round; `tick`: when it last did, in ms since 1970. Before it has begun it is stuck. */
export const comesRound =
  (tick: () => number | undefined): Check =>
  () => {
    const silence = Date.now() - (tick() ?? 0)
    return silence > STUCK ? `the loop has not come round for ${Math.round(silence / 1000)} s` : undefined
  }

function reasons(checks: ReadonlyMap<string, Check>): Record<string, string> {
  const why: Record<string, string> = {}
  for (const [name, check] of checks) {
    const reason = outcome(check)
    if (reason !== undefined) why[name] = reason
  }
  return why
}

function outcome(check: Check): string | undefined {
  try {
    return check()
  } catch {
    return 'the check itself failed'
  }
}
