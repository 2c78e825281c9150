const WINDOW = 10_000

/** How fast a counter grows per second, over the last ten seconds. */
export function createRate(window = WINDOW): (now: number, count: number) => number {
  const samples: { at: number; count: number }[] = []
  return (now, count) => {
    samples.push({ at: now, count })
    while (samples.length > 2 && now - samples[1]!.at >= window) samples.shift()
    const first = samples[0]!
    return now > first.at ? Math.max(0, ((count - first.count) * 1000) / (now - first.at)) : 0
  }
}
