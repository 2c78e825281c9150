import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, it } from '@jest/globals'
import type { ReadModels } from '../read/read-models.js'
import { watchClocks } from './watch.js'

const watched = { policies: [], parties: [], owners: [], teams: [], leads: [], overdue: false }
const head = { state: 'live', definitionsHash: 'h', epoch: 'e', positions: [9000], fold: 1, w: 0, parked: 0 }
const said = { id: 'e', type: 'sla.warned', source: '/', stream: 'sla-l', version: 1, occurredAt: 0, recordedAt: 0 }
const clock = {
  key: 'k',
  clock: 'k',
  policy: 'p',
  policyVersion: 1,
  party: 'sales',
  subject: 'l',
  clockState: 'running',
}
/** More changes than a page holds. */
const changes = Array.from({ length: 501 }, (_, i) => ({
  ...head,
  ...said,
  ...clock,
  topic: 5,
  partition: 0,
  position: i + 1,
  missed: false,
  startedAt: 0,
  dueAt: 0,
  endedAt: null,
}))

describe('watched clocks', () => {
  it('are looked for no more while the receiver has not taken what was sent', async () => {
    const stop = new AbortController()
    let looks = 0
    const rows = () => Promise.resolve(++looks === 1 ? [{ ...head, key: null }] : changes)
    const models = {
      database: { rows },
      generations: { forget: () => undefined, current: () => Promise.resolve({ id: 1, definitionsHash: 'h' }) },
      changes: { wait: () => Promise.resolve() },
    } as unknown as ReadModels
    let taken = (): void => undefined
    const ready = () => new Promise<void>((resolve) => (taken = resolve))
    const answers = watchClocks(models, watched, { told: undefined, interval: 1 }, ready, stop.signal)
    await answers.next()
    for (const looked of [1, 2, 3]) {
      const next = answers.next()
      for (let i = 0; i < 50; i++) await turn()
      expect(looks).toBe(looked)
      taken()
      expect((await next).value?.changes).toHaveLength(500)
    }
    const end = answers.next()
    await turn()
    stop.abort()
    taken()
    expect(await end).toMatchObject({ done: true })
  })
})
