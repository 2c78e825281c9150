import { setTimeout as sleep } from 'node:timers/promises'
import type { TestKafka, TestPostgres } from '@funnel/testing'

/** Something that can be killed while it works. */
export interface Victim {
  readonly name: string
  /** Whether the read models may lose their last commits with it. */
  readonly forgets?: true
  /** Kills it, and sees to it that it runs again; false when there was nothing to kill just then. */
  kill(): Promise<boolean>
}

/** Something was killed: when, and when it ran again or was left to its supervisor, in milliseconds since the load began. */
export interface Fault {
  readonly victim: string
  readonly at: number
  readonly until: number
}

/** A run in which victims are killed, as it goes on. */
export interface Killing {
  /** How often each victim was killed. */
  readonly kills: Readonly<Record<string, number>>
  /** The timeline of the run. */
  readonly faults: readonly Fault[]
  /** Resolves when nobody is being killed any more; rejects with what a victim fails with. */
  readonly done: Promise<void>
}

/** Kills the victims at random moments until `over`, each at least `least` times as far as there is time for it. */
export function startKilling(
  victims: readonly Victim[],
  { next, least, over, deadline }: { next: () => number; least: number; over: AbortSignal; deadline: number },
): Killing {
  const kills = Object.fromEntries(victims.map(({ name }) => [name, 0]))
  const faults: Fault[] = []
  const start = performance.now()
  const since = () => Math.round(performance.now() - start)
  const kill = async () => {
    while (!over.aborted && Date.now() < deadline) {
      // whoever was killed least is next, so that a short run meets all of them; then there is time to get on
      const due = victims.toSorted((a, b) => kills[a.name]! - kills[b.name]! || next() - 0.5)[0]!
      await sleep((kills[due.name]! < least ? 500 : 4000) * (0.5 + next()))
      const at = since()
      if (over.aborted || !(await due.kill())) continue
      kills[due.name]!++
      faults.push({ victim: due.name, at, until: since() })
    }
  }
  return { kills, faults, done: kill() }
}

export const postgresVictim = (postgres: TestPostgres): Victim => ({
  name: 'postgres',
  forgets: true,
  kill: async () => {
    await postgres.kill()
    await postgres.start()
    return true
  },
})

/** Every broker at once, as when the power fails. */
export const kafkaVictim = ({ brokers }: TestKafka): Victim => ({
  name: 'kafka',
  kill: async () => {
    await Promise.all(brokers.map((broker) => broker.kill('SIGKILL')))
    await Promise.all(brokers.map((broker) => broker.start()))
    return true
  },
})
