import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals'
import { setTimeout as sleep } from 'node:timers/promises'
import type { QueryRunner } from 'typeorm'
import { createPool } from '@funnel/platform'
import { syntheticLog } from '@funnel/testing'
import { createFolder } from '../fold/folder.js'
import { Versions1764000000006 } from '../migrations/1764000000006-versions.js'
import { Clocks1764000000007 } from '../migrations/1764000000007-clocks.js'
import { NodeAccounts1764000000011 } from '../migrations/1764000000011-node-accounts.js'
import { RollSlices1764000000012 } from '../migrations/1764000000012-roll-slices.js'
import { TookRolls1764000000014 } from '../migrations/1764000000014-took-rolls.js'
import { Cohorts1764000000015 } from '../migrations/1764000000015-cohorts.js'
import { ClassRolls1764000000016 } from '../migrations/1764000000016-class-rolls.js'
import { ValueRolls1764000000017 } from '../migrations/1764000000017-value-rolls.js'
import { Shape1764000000021 } from '../migrations/1764000000021-shape.js'
import { readDatabase, type ReadDatabase } from '../testing/database.js'
import { batches, definitions, epoch, recordAll } from '../testing/scene.js'
import { createGeneration, dropRetired, generationOf, inTransaction, liveGeneration, switchTo } from './generation.js'

describe('generations', () => {
  let database: ReadDatabase
  beforeAll(async () => {
    database = await readDatabase()
  })
  afterEach(() => database.clear())
  afterAll(() => database.drop())

  const [all] = batches(recordAll([...syntheticLog(50, { seed: 1 })]))
  const make = (state: 'live' | 'building', log = epoch) =>
    createGeneration(database.pool, { definitions, epoch: log, state })

  const runner = { query: async (sql: string) => (await database.pool.query(sql)).rows as unknown } as QueryRunner

  it('do not take the watermark back when they are switched', async () => {
    const live = createFolder(database.pool, await make('live'))
    await live.apply(all!)
    const next = createFolder(database.pool, await make('building'))
    await next.apply(all!)
    // nothing was recorded since, and the live one has heard so
    await live.apply({ ...all!, events: [], w: all!.w + 5000 })
    expect(await switchTo(database.pool, next.generation.id)).toBe(true)
    expect((await liveGeneration(database.pool))!.w).toBe(all!.w + 5000)
  })

  it('are switched while the live one is folded, also where transactions see only what was there at first by default', async () => {
    const live = await make('live')
    const next = await make('building')
    const url = new URL(database.url)
    url.searchParams.set('options', '-c default_transaction_isolation=serializable')
    const strict = createPool(url.href, 'test', 2)
    try {
      const folding = await database.pool.connect()
      await folding.query('begin')
      await folding.query('update read.generation set fold = fold + 1 where id = $1', [live.id])
      const switching = switchTo(strict, next.id)
      for (let waits = false; !waits; await sleep(10)) {
        const { rows } = await database.pool.query<{ waits: boolean }>(
          `select exists (select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()) waits`,
        )
        waits = rows[0]!.waits
      }
      await folding.query('commit')
      folding.release()
      expect(await switching).toBe(true)
    } finally {
      await strict.end()
    }
  })

  it('of another log are replaced by one that has folded fewer events', async () => {
    await createFolder(database.pool, await make('live')).apply(all!)
    const restored = await make('building', '00000000-0000-4000-8000-000000000001')
    expect(await switchTo(database.pool, restored.id)).toBe(true)
    expect((await liveGeneration(database.pool))!).toMatchObject({ id: restored.id, w: null })
  })

  it('that were replaced are kept for a while and then dropped', async () => {
    const old = await make('live')
    const next = await make('building')
    await switchTo(database.pool, next.id)
    expect(await dropRetired(database.pool)).toBe(0)
    expect((await generationOf(database.pool, old.id)).state).toBe('retired')
    expect(await dropRetired(database.pool, 0)).toBe(1)
    await expect(generationOf(database.pool, old.id)).rejects.toMatchObject({ code: 'NOT_FOUND' })
    const { rows } = await database.pool.query('select from pg_namespace where nspname = $1', [old.schema])
    expect(rows).toEqual([])
  })

  it('that a migration gave up are dropped once the projector has made another one', async () => {
    const old = await make('live')
    await new Versions1764000000006().up(runner)
    expect(await liveGeneration(database.pool)).toBeUndefined()
    expect(await dropRetired(database.pool, 0)).toBe(0)
    const next = await make('live')
    expect(await dropRetired(database.pool)).toBe(0)
    expect(await dropRetired(database.pool, 0)).toBe(1)
    await expect(generationOf(database.pool, old.id)).rejects.toMatchObject({ code: 'NOT_FOUND' })
    expect((await liveGeneration(database.pool))!.id).toBe(next.id)
  })

  it('are not made by a process of an earlier version any more, and those that it made are replaced', async () => {
    const { pool } = database
    const shape = new Shape1764000000021()
    const earlier = (id: number) =>
      pool.query(
        `insert into read.generation (id, schema, state, definitions, definitions_hash, rolled, epoch) values ($1, $2, 'live', '{}', '', '{}', $3)`,
        [id, `gen_${id}`, epoch],
      )
    await shape.down(runner)
    try {
      await pool.query('create schema gen_7001')
      await earlier(7001)
    } finally {
      await shape.up(runner)
    }
    expect(await liveGeneration(pool)).toBeUndefined()
    await expect(earlier(7002)).rejects.toMatchObject({ code: '23502', column: 'shape' })
    const { id } = await make('live')
    expect((await liveGeneration(pool))!.id).toBe(id)
    await expect(pool.query('update read.generation set shape = 20')).rejects.toMatchObject({ code: '23514' })
  })

  it('take no facts of a process of an earlier version, which does not say all that counts', async () => {
    const { schema } = await make('live')
    await expect(
      database.pool.query(
        `insert into ${schema}.fact (topic, partition, "position", id, type, stream, version, source, occurred_at, recorded_at, data)
         values (1, 0, 1, gen_random_uuid(), 'lead.captured', 'lead-l', 1, '/test', now(), now(), '{}')`,
      ),
    ).rejects.toMatchObject({ code: '23502', column: 'future' })
  })

  it('that were made before promises were kept get the list of clocks', async () => {
    const { schema } = await make('live')
    await database.pool.query(`drop table ${schema}.clock`)
    await new Clocks1764000000007().up(runner)
    await expect(database.pool.query(`select from ${schema}.clock`)).resolves.toMatchObject({ rowCount: 0 })
  })

  it('are left alone by a process whose connection was cut, which hears of it as an error and lives on', async () => {
    await expect(
      inTransaction(database.pool, (client) => client.query('select pg_terminate_backend(pg_backend_pid())')),
    ).rejects.toThrow()
    await expect(inTransaction(database.pool, (client) => client.query('select 1'))).resolves.toBeDefined()
  })

  it('write the changes of a node into none of its indexes', async () => {
    const { schema } = await make('live')
    await inTransaction(database.pool, async (client) => {
      await client.query(`insert into ${schema}.node values ('person', 'p', '{"account":"a"}')`)
      await client.query(`update ${schema}.node set state = '{"account":"a","leads":["l"]}'`)
      const { rows } = await client.query(
        `select pg_stat_get_xact_tuples_updated($1::regclass) updated, pg_stat_get_xact_tuples_hot_updated($1::regclass) within_page`,
        [`${schema}.node`],
      )
      expect(rows).toEqual([{ updated: 1, within_page: 1 }])
    })
  })

  it('that were made before find the rolls of a slice as new ones do', async () => {
    const { schema } = await make('live')
    const index = async () => {
      const { rows } = await database.pool.query<{ index: string }>(
        `select pg_get_indexdef('${schema}.roll_cell'::regclass) index`,
      )
      return rows[0]!.index
    }
    const made = await index()
    const slices = new RollSlices1764000000012()
    await slices.down(runner)
    expect(await index()).not.toBe(made)
    await slices.up(runner)
    expect(await index()).toBe(made)
  })

  it('that were made before are asked for the persons of an account as new ones are', async () => {
    const { schema } = await make('live')
    const accounts = new NodeAccounts1764000000011()
    await accounts.down(runner)
    await database.pool.query(
      `insert into ${schema}.node values ('person', 'p', '{"account":"a"}'), ('lead', 'l', '{"account":"a"}')`,
    )
    await accounts.up(runner)
    const { rows } = await database.pool.query(`select kind, key, account from ${schema}.node order by kind`)
    expect(rows).toEqual([
      { kind: 'lead', key: 'l', account: null },
      { kind: 'person', key: 'p', account: 'a' },
    ])
  })

  it('that were made before have the columns and indexes that new ones have, whatever is undone in between', async () => {
    const { schema } = await make('live')
    const shape = async () => {
      const { rows } = await database.pool.query(
        `select table_name, column_name name, data_type || is_nullable what from information_schema.columns where table_schema = $1
         union all select tablename, indexname, indexdef from pg_indexes where schemaname = $1 order by 1, 2`,
        [schema],
      )
      return rows as unknown[]
    }
    const made = await shape()
    const newest = [
      new TookRolls1764000000014(),
      new Cohorts1764000000015(),
      new ClassRolls1764000000016(),
      new ValueRolls1764000000017(),
    ]
    for (const migration of newest.toReversed()) {
      const before = await shape()
      await migration.down(runner)
      expect(await shape()).not.toEqual(before)
    }
    for (const migration of newest) await migration.up(runner)
    expect(await shape()).toEqual(made)
  })
})
