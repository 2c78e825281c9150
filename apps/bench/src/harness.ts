/** What every goal is told. */
export interface Settings {
  /** Events, or calls, of a round. */
  readonly events: number
  readonly rounds: number
}

/** One way to do the work. `run` does it once and says how many units it did. */
export interface Contestant {
  readonly name: string
  readonly run: (round: number) => Promise<number | Timed>
}

/** Units, and the milliseconds they took, where not all of `run` is the work. */
export interface Timed {
  readonly units: number
  readonly ms: number
}

/** Somebody else who does the same work, and how many times as fast ours should be. */
export interface Peer extends Contestant {
  readonly target: number
}

export interface Spread {
  readonly median: number
  readonly min: number
  readonly max: number
}

/** A goal's figure: rates in units per second, and ours as a ratio to each peer's of the same round. */
export interface Figure {
  readonly goal: string
  readonly what: string
  readonly unit: string
  readonly rounds: number
  readonly rates: Readonly<Record<string, Spread>>
  readonly ratios: Readonly<Record<string, Spread>>
  /** What the median ratio to each peer should reach. */
  readonly targets: Readonly<Record<string, number>>
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
 * Runs the contestants in turn, `rounds` times after one round that is thrown away, and compares within each round, so
 * that whatever the machine does meanwhile meets all of them.
 */
export async function compare(options: {
  goal: string
  what: string
  unit: string
  ours: Contestant
  peers: readonly Peer[]
  rounds: number
  /** How the peers are set up, and what a reader should know. */
  notes: readonly string[]
}): Promise<Figure> {
  const { goal, what, unit, ours, peers, rounds, notes } = options
  const rates = new Map<string, number[]>()
  const ratios = new Map<string, number[]>()
  for (let round = 0; round <= rounds; round++) {
    const own = await rateOf(ours, round)
    for (const peer of peers) {
      const other = await rateOf(peer, round)
      if (round > 0) push(ratios, peer.name, own / other)
      if (round > 0) push(rates, peer.name, other)
    }
    if (round > 0) push(rates, ours.name, own)
    process.stderr.write(`  ${goal} round ${round}/${rounds}${round === 0 ? ' (warm-up)' : ''}\n`)
  }
  return {
    goal,
    what,
    unit,
    rounds,
    rates: spreads(rates),
    ratios: spreads(ratios),
    targets: Object.fromEntries(peers.map(({ name, target }) => [name, target])),
    notes,
  }
}

const spreads = (all: ReadonlyMap<string, readonly number[]>) =>
  Object.fromEntries([...all].map(([name, values]) => [name, spread(values)]))

async function rateOf({ run }: Contestant, round: number): Promise<number> {
  const start = performance.now()
  const done = await run(round)
  const { units, ms } = typeof done === 'number' ? { units: done, ms: performance.now() - start } : done
  return (units * 1000) / ms
}

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
