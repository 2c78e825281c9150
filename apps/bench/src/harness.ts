/** One way to do the work. `run` does it once and says how many units it did; only its time is measured. */
export interface Contestant {
  readonly name: string
  readonly run: (round: number) => Promise<number>
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
  /** What the ratio should reach, and whether the median of the lowest does. */
  readonly target?: number
  readonly reached?: boolean
  readonly notes?: readonly string[]
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
  peers: readonly Contestant[]
  rounds?: number
  target?: number
  notes?: readonly string[]
}): Promise<Figure> {
  const { goal, what, unit, ours, peers, rounds = 5, target, notes } = options
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
  const figures = Object.fromEntries([...ratios].map(([name, values]) => [name, spread(values)]))
  const least = Math.min(...Object.values(figures).map(({ median }) => median))
  return {
    goal,
    what,
    unit,
    rounds,
    rates: Object.fromEntries([...rates].map(([name, values]) => [name, spread(values)])),
    ratios: figures,
    ...(target === undefined ? {} : { target, reached: least >= target }),
    ...(notes ? { notes } : {}),
  }
}

async function rateOf({ run }: Contestant, round: number): Promise<number> {
  const start = performance.now()
  const units = await run(round)
  return (units * 1000) / (performance.now() - start)
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
