import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { startScript, testDatabase, type TestDatabase } from '@funnel/testing'
import { growingPauses, leadOn, leadOnce } from './leadership.js'

/** Leads in a process of its own, as built, and prints what becomes of it. */
const SCRIPT = `
  const { leadOnce } = await import('@funnel/event-log')
  const candidacy = { lock: [7999, 1], name: 'spec', standby: () => console.log('standby'), stop: new AbortController().signal }
  const work = (signal) => new Promise((resolve) => {
    const alive = setInterval(() => undefined, 1000)
    console.log('leads')
    signal.addEventListener('abort', () => resolve(clearInterval(alive)))
  })
  await leadOnce(process.env.DATABASE_URL, candidacy, work).catch(({ code }) => console.log(code))`

describe('leading by a lock', () => {
  let database: TestDatabase
  beforeAll(async () => {
    database = await testDatabase()
  })
  afterAll(() => database.drop())

  /** Leads in this process until the returned function is called. */
  const lead = () => {
    const stop = new AbortController()
    const began = Promise.withResolvers<void>()
    let tries = 0
    const ended = leadOnce(
      database.url,
      { lock: [7999, 1], name: 'spec', standby: () => tries++, stop: stop.signal },
      async (signal) => {
        began.resolve()
        await new Promise((resolve) => signal.addEventListener('abort', resolve))
      },
    )
    ended.catch(began.reject)
    return {
      began: began.promise,
      tries: () => tries,
      end: () => {
        stop.abort()
        return ended
      },
    }
  }

  it('passes from one that is frozen to one that stands by; the frozen one hears of it when it goes on', async () => {
    const frozen = startScript(SCRIPT, { DATABASE_URL: database.url })
    await frozen.said('leads')
    const other = lead()
    frozen.kill('SIGSTOP')
    await other.began
    expect(other.tries()).toBeGreaterThan(0)
    frozen.kill('SIGCONT')
    await frozen.said('UNAVAILABLE')
    await other.end()
    await frozen.end()
  })

  it('stays with one that has nothing to do but lead', async () => {
    const first = lead()
    await first.began
    const second = lead()
    // more than the silence after which a leader counts as frozen
    while (second.tries() < 24) await sleep(100)
    await first.end()
    await second.began
    await second.end()
  })

  it('is tried again after a failure as soon as that says, until it is stopped', async () => {
    const stop = new AbortController()
    const pauses = growingPauses(10, 40)
    const waited: number[] = []
    let works = 0
    await leadOn(
      database.url,
      { lock: [7999, 2], name: 'spec', standby: () => undefined, stop: stop.signal },
      async () => {
        if (++works === 5) pauses.reset() // it went well for a while
        if (works === 6) stop.abort()
        throw new Error('broken')
      },
      (error) => {
        expect(error).toMatchObject({ message: 'broken' })
        waited.push(pauses.next())
        return waited.at(-1)!
      },
    )
    expect(waited).toEqual([10, 20, 40, 40, 10])
  })
})
