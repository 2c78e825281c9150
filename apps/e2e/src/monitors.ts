import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import type { Supervised } from './processes.js'
import type { Victim } from './victims.js'

/** How often a monitor was caught after it had claimed what was due and told it, and before it had saved that. */
export interface Caught {
  killed: number
  frozen: number
}

export interface MonitorVictims {
  readonly victims: readonly Victim[]
  readonly caught: Caught
}

/** Breaches that are told while their timers still wait: claimed, not marked. */
const UNSAVED = `
  select count(*)::int n from reactor.timer t
  join store.event e on e.stream = 'sla-' || (t.data->>'lead') and e.type = 'sla.breached' and e.recorded_at >= t.due
    and e.envelope->'data'->>'clock' = t.data->>'clock'
  where t.reactor = 'sla-monitor' and t.due <= clock_timestamp()`
const AT_WORK = `select count(*)::int n from pg_stat_activity where application_name = 'funnel-sla-monitor' and state = 'active'`

/** How long to wait for a monitor to be caught, or for one to take over. */
const PATIENCE = 60_000

/**
 * Monitors of one database as victims. `near` waits until deadlines fall. The active one is killed, and frozen until
 * another has taken over, in the middle of a portion: after it told breaches, before it saved that. One that stands by is
 * killed near a deadline, and so are all at once.
 */
export function monitorVictims(
  monitors: readonly Supervised[],
  pool: pg.Pool,
  near: () => Promise<void>,
): MonitorVictims {
  const caught: Caught = { killed: 0, frozen: 0 }
  const count = async (text: string) => (await pool.query<{ n: number }>(text)).rows[0]!.n
  const isActive = ({ port }: Supervised) =>
    fetch(`http://127.0.0.1:${port}/health/ready`, { signal: AbortSignal.timeout(1000) }).then(
      ({ ok }) => ok,
      () => false,
    )
  const active = async (but?: Supervised): Promise<Supervised> => {
    for (const end = Date.now() + PATIENCE; Date.now() < end; await sleep(50)) {
      const others = monitors.filter((one) => one !== but)
      const ready = await Promise.all(others.map(isActive))
      const found = others.find((_, i) => ready[i])
      if (found) return found
    }
    throw new Error(`no monitor took over in ${PATIENCE} ms:\n${monitors.map((one) => one.log()).join('\n')}`)
  }
  /** Stops a monitor where what it told is not saved. It cannot go on, so what is seen then stays as it is. */
  const stoppedAmid = async (monitor: Supervised): Promise<boolean> => {
    for (const end = Date.now() + PATIENCE / 4; Date.now() < end; await sleep(2)) {
      if (!(await count(UNSAVED))) continue
      monitor.kill('SIGSTOP')
      try {
        // what it had sent may be a save
        while (await count(AT_WORK)) await sleep(1)
        if (await count(UNSAVED)) return true
      } catch (error) {
        monitor.kill('SIGCONT')
        throw error
      }
      monitor.kill('SIGCONT')
    }
    return false
  }
  const victims: Victim[] = [
    {
      name: 'monitor',
      kill: async () => {
        const one = await active()
        if (!(await stoppedAmid(one))) return false
        caught.killed++
        return one.kill()
      },
    },
    {
      name: 'monitor frozen',
      kill: async () => {
        const one = await active()
        if (!(await stoppedAmid(one))) return false
        caught.frozen++
        await active(one).finally(() => one.kill('SIGCONT'))
        return true
      },
    },
    {
      name: 'monitor standing by',
      kill: async () => {
        const one = await active()
        await near()
        return monitors.filter((other) => other !== one).some((other) => other.kill())
      },
    },
    {
      name: 'all monitors',
      kill: async () => {
        await active()
        await near()
        return monitors.map((one) => one.kill()).includes(true)
      },
    },
  ]
  return { victims, caught }
}
