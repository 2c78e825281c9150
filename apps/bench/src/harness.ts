import { readFileSync } from 'node:fs'
import type { History } from './history.js'

/** What every goal is told. */
export interface Settings {
  /** The log that it begins with. */
  readonly history: History
  /** Events, or calls or probes, of a round on top of it; nothing to a goal whose round is the history itself. */
  readonly events: number
  readonly rounds: number
}

/** One way to do the work. `run` does it once, in order with the others, and says what it came to. */
export interface Contestant {
  readonly name: string
  readonly run: (round: number) => Promise<Done>
}

/** What a run came to. */
export interface Done {
  readonly units: number
  readonly ms: number
  /** CPU time of the process that did it, in microseconds, where it can be told. */
  readonly cpu: number | undefined
}

export interface Spread {
  readonly median: number
  readonly min: number
  readonly max: number
}

/** What was measured: rates in units per second, and ours as a ratio to each peer's of the same round. */
export interface Figure {
  readonly what: string
  readonly unit: string
  readonly rounds: number
  /** Ours first. */
  readonly rates: Readonly<Record<string, Spread>>
  /** CPU time per unit in microseconds, of those whose process can be told. */
  readonly cpu: Readonly<Record<string, Spread>>
  readonly ratios: Readonly<Record<string, Spread>>
  /** Waiting times in milliseconds. */
  readonly latencies: Readonly<Record<string, Spread>>
  /** How the contestants are set up, and what a reader should know. */
  readonly notes: readonly string[]
}

/** Median, least and greatest of some numbers; of none, NaN. */
export function spread(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  const median = sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
  return { median, min: sorted[0] ?? Number.NaN, max: sorted.at(-1) ?? Number.NaN }
}

/**
 * Starts measuring; the function it gives ends that and says what so many units came to: the time since, and the CPU time
 * of this process, or of the process `pid`.
 */
export function stopwatch(pid?: number): (units: number) => Done {
  const [start, before] = [performance.now(), cpuTime(pid)]
  return (units) => {
    const [ms, after] = [performance.now() - start, cpuTime(pid)]
    return { units, ms, cpu: before === undefined || after === undefined ? undefined : after - before }
  }
}

/** Linux counts in hundredths of a second, on every architecture. */
const TICK = 10_000

/** CPU time in microseconds that a process has used so far; of another one only Linux tells. */
function cpuTime(pid: number | undefined): number | undefined {
  if (pid === undefined) {
    const { user, system } = process.cpuUsage()
    return user + system
  }
  try {
    // the name, in parentheses, may hold spaces; user and system time are the 12th and 13th field after it
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)!.split(' ')
    return (Number(fields[11]) + Number(fields[12])) * TICK
  } catch {
    return undefined
  }
}

/**
 * Runs the contestants in turn, `rounds` times after one round that is thrown away, and compares within each round, so
 * that whatever the machine does meanwhile meets all of them.
 */
export async function compare(options: {
  what: string
  unit: string
  ours: Contestant
  peers: readonly Contestant[]
  rounds: number
  /** Whether only peers are warmed up: a run of ours is so long that it warms itself up. */
  long?: boolean
  notes: readonly string[]
}): Promise<Figure> {
  const { what, unit, ours, peers, rounds, long = false, notes } = options
  const rates = new Map<string, number[]>()
  const cpu = new Map<string, number[]>()
  const ratios = new Map<string, number[]>()
  const rateOf = async ({ name, run }: Contestant, round: number) => {
    const done = await run(round)
    const rate = (done.units * 1000) / done.ms
    if (round > 0) push(rates, name, rate)
    if (round > 0 && done.cpu !== undefined) push(cpu, name, done.cpu / done.units)
    return rate
  }
  for (let round = 0; round <= rounds; round++) {
    const own = round === 0 && long ? undefined : await rateOf(ours, round)
    for (const peer of peers) {
      const other = await rateOf(peer, round)
      if (round > 0) push(ratios, peer.name, own! / other)
    }
    process.stderr.write(`  round ${round}/${rounds}${round === 0 ? ' (warm-up)' : ''}\n`)
  }
  return { what, unit, rounds, rates: spreads(rates), cpu: spreads(cpu), ratios: spreads(ratios), latencies: {}, notes }
}

const spreads = (all: ReadonlyMap<string, readonly number[]>) =>
  Object.fromEntries([...all].map(([name, values]) => [name, spread(values)]))

function push(map: Map<string, number[]>, key: string, value: number): void {
  const list = map.get(key)
  if (list) list.push(value)
  else map.set(key, [value])
}

/** Runs `work` for every index below `count`, at most `width` at a time. */
export async function concurrently(
  count: number,
  width: number,
  work: (index: number) => Promise<unknown>,
): Promise<void> {
  let next = 0
  await Promise.all(
    Array.from({ length: width }, async () => {
      while (next < count) await work(next++)
    }),
  )
}
