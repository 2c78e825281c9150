import { describe, expect, it } from '@jest/globals'
import { compare, concurrently, spread, stopwatch } from './harness.js'
import { print } from './print.js'

describe('the benchmark harness', () => {
  it('tells median, least and greatest', () => {
    expect(spread([3, 1, 2])).toEqual({ median: 2, min: 1, max: 3 })
    expect(spread([4, 1, 2, 3])).toEqual({ median: 2.5, min: 1, max: 4 })
    expect(spread([]).median).toBeNaN()
  })

  const of = (units: number[]) => (round: number) => Promise.resolve({ units: units[round]!, ms: 1000, cpu: 2000 })

  it('compares within each round and throws the first one away', async () => {
    const figure = await compare({
      what: 'nothing',
      unit: 'events/s',
      rounds: 3,
      ours: { name: 'we', run: of([1, 100, 200, 400]) },
      peers: [{ name: 'they', run: of([1, 50, 20, 100]) }],
      notes: ['as they come'],
    })
    expect(figure.rates).toEqual({ we: { median: 200, min: 100, max: 400 }, they: { median: 50, min: 20, max: 100 } })
    expect(Object.keys(figure.rates)).toEqual(['we', 'they'])
    expect(figure.ratios).toEqual({ they: { median: 4, min: 2, max: 10 } })
    expect(figure.cpu['we']).toEqual({ median: 10, min: 5, max: 20 })
    const text = print({
      ...figure,
      goal: 'G0',
      history: 1000,
      targets: { they: 5 },
      latencies: { p50: spread([3, 4, 5]) },
      atMost: { p50: 4 },
      growth: { history: 100, ratio: 0.9 },
    })
    expect(text).toMatch(/÷ they +4\.00 × +\(2\.00 – 10\.00\) +goal ≥ 5: not reached/)
    expect(text).toMatch(/we +200 events\/s .* 10\.00 µs CPU each/)
    expect(text).toMatch(/p50 +4\.00 ms .* goal ≤ 4: reached/)
    expect(text).toMatch(/÷ ours over 100 events +0\.90 ×/)
    expect(text).toContain('history: 1,000 events')
    expect(text).toContain('as they come')
  })

  it('warms only the peers up where a run of ours is long', async () => {
    const rounds: string[] = []
    const noting = (name: string) => ({
      name,
      run: (round: number) => {
        rounds.push(`${name} ${round}`)
        return Promise.resolve({ units: 1, ms: 1, cpu: undefined })
      },
    })
    await compare({ what: '', unit: '', rounds: 1, long: true, ours: noting('we'), peers: [noting('they')], notes: [] })
    expect(rounds).toEqual(['they 0', 'we 1', 'they 1'])
  })

  it('tells the CPU time of this process and, where the system does, of another', () => {
    for (const pid of process.platform === 'linux' ? [undefined, process.pid] : [undefined]) {
      const stop = stopwatch(pid)
      for (const end = performance.now() + 60; performance.now() < end;);
      const { units, ms, cpu } = stop(7)
      expect(units).toBe(7)
      expect(ms).toBeGreaterThanOrEqual(60)
      expect(cpu).toBeGreaterThan(0)
    }
    expect(stopwatch(0)(1).cpu).toBeUndefined()
  })

  it('never runs more at a time than it is told, and everything once', async () => {
    let now = 0
    let most = 0
    const done: number[] = []
    await concurrently(20, 3, async (index) => {
      most = Math.max(most, ++now)
      await Promise.resolve()
      done.push(index)
      now--
    })
    expect(most).toBe(3)
    expect(done.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, index) => index))
  })
})
