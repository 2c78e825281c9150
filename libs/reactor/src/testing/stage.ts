import type pg from 'pg'
import { PostgresEventLog, postgresEventTail, startHeadReader } from '@funnel/event-log'
import { migrateStore, openEventStore, type EventStore } from '@funnel/event-store'
import { createLogger, createPool } from '@funnel/platform'
import { testDatabase } from '@funnel/testing'
import { migrateReactor } from '../migrations/index.js'
import type { Outcome } from '../outcome.js'
import type { Intent, Json, Reactor } from '../reactor.js'
import { startReactor, type Running } from '../start.js'

/** A database with a store whose heads are read, and the reactors that run on it; for one test. */
export interface Stage {
  readonly store: EventStore
  readonly pool: pg.Pool
  /** Those that were run, also where they were closed since. */
  readonly running: readonly Running[]
  run<State extends Json, Command>(
    reactor: Reactor<State, Command>,
    execute: (intent: Intent<Command>) => Promise<Outcome>,
  ): Running
  /** What keeps those that were run from working, for the message of a test that waits in vain. */
  troubles(): string
  close(): Promise<void>
}

export async function openStage(): Promise<Stage> {
  const database = await testDatabase()
  const { url } = database
  await migrateStore(url)
  await migrateReactor(url)
  const store = await openEventStore({ url })
  const pool = createPool(url, 'test', 5)
  const logger = createLogger('test', 'silent')
  const heads = startHeadReader({ url, logger })
  const running: Running[] = []
  const logs: PostgresEventLog[] = []
  return {
    store,
    pool,
    running,
    run(reactor, execute) {
      const tail = postgresEventTail(pool)
      const log = new PostgresEventLog(pool, tail)
      const one = startReactor({ reactor, log, tail, url, pool, execute, logger })
      running.push(one)
      logs.push(log)
      return one
    },
    troubles: () => running.map(({ trouble }) => trouble).join(),
    async close() {
      await Promise.all(running.map((one) => one.close()))
      await Promise.all(logs.map((log) => log.close()))
      await heads.close()
      await pool.end()
      await store.close()
      await database.drop()
    },
  }
}
