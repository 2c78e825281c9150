import { describe, expect, it } from '@jest/globals'
import type { Question } from '@funnel/ledger'
import type { ReadModels } from '../read/read-models.js'
import type { Answered } from './answers.js'
import { watch } from './watch.js'

const question: Question = { kpi: 'leads', by: [], filters: [] }
const answered = (count: number) =>
  ({
    kpi: { version: 1 },
    generation: 1,
    basis: { w: 0, parked: 0, definitionsHash: '' },
    rows: [{ values: [], cell: { value: { unit: 'count', number: count } } }],
  }) as unknown as Answered

/** Watches read models that change all the time until it has asked so often; when it asked, and what was sent. */
async function watched(interval: number, counts: readonly number[]) {
  const stop = new AbortController()
  const asked: number[] = []
  const sent: unknown[] = []
  const ask = () => {
    if (asked.push(performance.now()) === counts.length) stop.abort()
    return Promise.resolve(answered(counts[asked.length - 1]!))
  }
  const models = {
    changes: { wait: () => Promise.resolve() },
    generations: { forget: () => undefined },
    answers: { ask },
  } as unknown as ReadModels
  for await (const { rows } of watch(models, question, interval, () => Promise.resolve(), stop.signal))
    sent.push((rows[0]!.cell.value as { number: number }).number)
  return { gaps: asked.slice(1).map((at, i) => at - asked[i]!), sent }
}

describe('a watched answer', () => {
  it('that stays the same is asked once in an interval, however often the read models change', async () => {
    const { gaps } = await watched(30, [7, 7, 7, 7])
    // timers may be early by less than a millisecond
    expect(Math.min(...gaps)).toBeGreaterThan(28)
  })

  it('is sent when it has changed, and only then', async () => {
    expect((await watched(1, [7, 7, 8, 8, 8, 9, 9])).sent).toEqual([7, 8, 9])
  })
})
