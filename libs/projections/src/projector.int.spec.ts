import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals'
import { pino } from 'pino'
import { advanceHead, PostgresEventLog, postgresEventTail, type EventLog } from '@funnel/event-log'
import { openEventStore } from '@funnel/event-store'
import { createPool } from '@funnel/platform'
import { syntheticLog } from '@funnel/testing'
import { liveGeneration } from './generation/generation.js'
import { startProjector } from './projector.js'
import { readDatabase, type ReadDatabase } from './testing/database.js'
import { definitions, tailOf } from './testing/scene.js'
import { verify } from './verify/verify.js'

const logger = pino({ level: 'silent' })

describe('the projector', () => {
  let database: ReadDatabase
  beforeAll(async () => {
    database = await readDatabase()
  })
  afterEach(() => database.clear())
  afterAll(() => database.drop())

  it('stops when it is told to, also while the log is being opened and gives nothing', async () => {
    const { url, pool } = database
    const opening = Promise.withResolvers<void>()
    const opened = Promise.withResolvers<void>()
    const ended = Promise.withResolvers<IteratorResult<never, undefined>>()
    const log: EventLog = {
      async open() {
        opening.resolve()
        await opened.promise
        return {
          [Symbol.asyncIterator]: () => ({ next: () => ended.promise }),
          hint: () => undefined,
          close: async () => ended.resolve({ done: true, value: undefined }),
        }
      },
      close: async () => undefined,
    }
    const projector = startProjector({ log, tail: tailOf(() => []), url, pool, definitions, logger })
    await opening.promise
    const closing = projector.close()
    opened.resolve()
    await closing
    expect(projector.active).toBe(false)
  })

  it('outlives the loss of its connections at any moment, and neither loses nor repeats an event', async () => {
    const { url, pool } = database
    const mortal = createPool(url, 'mortal', 4)
    const tail = postgresEventTail(mortal)
    const log = new PostgresEventLog(mortal, tail)
    const store = await openEventStore({ url })
    await advanceHead(pool)
    const projector = startProjector({ log, tail, url, pool: mortal, definitions, logger })
    const events = [...syntheticLog(1500, { seed: 12 })]
    const cut = async () => {
      const { rowCount } = await pool.query(
        `select pg_terminate_backend(pid) from pg_stat_activity
         where application_name in ('mortal', 'funnel-projector-lock') and datname = current_database()`,
      )
      return rowCount
    }
    try {
      for (let at = 0; at < events.length; at += 50) {
        await store.append({ events: events.slice(at, at + 50) })
        await advanceHead(pool)
        if (at % 250 === 200) {
          await sleep(at % 500 === 200 ? 0 : 20)
          while (!(await cut())) await sleep(10)
        }
      }
      for (;;) {
        const generation = await liveGeneration(pool)
        const done = generation && (await pool.query(`select from ${generation.schema}.fact`)).rowCount
        if (done === events.length) break
        await sleep(50)
      }
      const { differences } = await verify({ store: pool, read: pool, tail: postgresEventTail(pool) })
      expect(differences).toEqual([])
    } finally {
      await projector.close()
      await log.close()
      await store.close()
      await mortal.end()
    }
  })
})
