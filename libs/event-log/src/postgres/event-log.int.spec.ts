import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type pg from 'pg'
import { createPool } from '@funnel/platform'
import { testDatabase, type TestDatabase } from '@funnel/testing'
import { eventLogContract } from '../contract/event-log.contract.js'
import { among, eventually, Follower } from '../contract/follow.js'
import { Shelf } from '../contract/shelf.js'
import type { EventLog } from '../ports.js'
import { PostgresEventLog } from './event-log.js'

describe('PostgresEventLog', () => {
  let database: TestDatabase
  let pool: pg.Pool
  beforeAll(async () => {
    database = await testDatabase()
    pool = createPool(database.url, 'spec')
    // connections are cut on purpose
    pool.on('error', () => undefined)
  })
  afterAll(async () => {
    await pool.end()
    await database.drop()
  })

  const fixture = () => {
    const shelf = new Shelf()
    const logs: EventLog[] = []
    // members of other tests, in groups of the same name, are gone: each closes its log
    const log = () => {
      const opened = new PostgresEventLog(pool, shelf, { batchSize: 10, lookEvery: 50 })
      logs.push(opened)
      return opened
    }
    return {
      shelf,
      log,
      publish: () => Promise.resolve(),
      die: async (group: string) => {
        const victim = await new Follower().open(log(), group)
        await among([victim], () => victim.asked > 0)
        await killHolder(pool)
        await eventually(() => victim.failure !== undefined)
      },
      close: async () => {
        await Promise.all(logs.map((opened) => opened.close()))
      },
    }
  }

  eventLogContract(() => Promise.resolve(fixture()))

  it('ends the iteration of a member that lost its connection, so that two never read one partition', async () => {
    const { log, close, shelf } = fixture()
    shelf.record(16)
    const victim = await new Follower().open(log(), 'cut')
    await victim.until(shelf.records)
    await killHolder(pool)
    await eventually(() => victim.failure !== undefined)
    expect(victim.failure).toMatchObject({ code: 'UNAVAILABLE' })
    await close()
  })

  it('lets groups read independently of each other', async () => {
    const { log, close, shelf } = fixture()
    shelf.record(20)
    const one = await new Follower().open(log(), 'group-one')
    const two = await new Follower().open(log(), 'group-two')
    await one.until(shelf.records)
    await two.until(shelf.records)
    await close()
    expect(one.seen).toEqual(two.seen)
  })
})

/** Ends the sessions that hold advisory locks, as their death would. */
const killHolder = (pool: pg.Pool) =>
  pool.query(
    `select pg_terminate_backend(pid) from (
       select distinct pid from pg_locks
       where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database())) holders`,
  )
