import { once } from 'node:events'
import { setImmediate as turn } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type pg from 'pg'
import { lineOf, type Entry } from '@funnel/ledger'
import { createPool, migrate } from '@funnel/platform'
import { testDatabase, type TestDatabase } from '@funnel/testing'
import { createGeneration, generationOf, type Generation } from '../generation/generation.js'
import { Read1764000000001 } from '../migrations/1764000000001-read.js'
import { Rollups1764000000002 } from '../migrations/1764000000002-rollups.js'
import { migrateRead } from '../migrations/index.js'
import { failingAt } from '../testing/cut.js'
import { definitions, epoch } from '../testing/scene.js'
import { wrongSlices } from './check.js'
import { sealBeside } from './seal-beside.js'
import { SLICE } from './seal.js'

describe('sealing beside the fold', () => {
  let database: TestDatabase
  let pool: pg.Pool
  let generation: Generation
  beforeAll(async () => {
    database = await testDatabase()
    await migrate(database.url, 'read', [Read1764000000001])
    pool = createPool(database.url, 'test', 4)
    await pool.query('alter table read.generation add rolled text[], add shape int')
    generation = await createGeneration(pool, { definitions, epoch, state: 'live' })
    // as it was before there were rolls
    const { schema } = generation
    await pool.query(
      `drop table ${schema}.slice, ${schema}.roll; drop index ${schema}.entry_money; alter table read.generation drop rolled, drop shape`,
    )
    await migrate(database.url, 'read', [Read1764000000001, Rollups1764000000002])
    // and as it was before rolls told how long it took
    await pool.query(`alter table ${schema}.roll drop column timed, drop column tooks, drop column elapsed;
      insert into ${schema}.slice (level, known_from, known_to) values (0, '-infinity', '-infinity')`)
    await migrateRead(database.url)
  })
  afterAll(async () => {
    await pool?.end()
    await database?.drop()
  })

  const book = async (count: number, { id, schema } = generation) => {
    await pool.query(
      `insert into ${schema}.dims values (1, '{"channel": "web"}') on conflict do nothing;
       insert into ${schema}.entry select 1, 1, i, 0, 'touch', 1, null, at, at, null, null, 'visitor', 'v', null, 1
       from generate_series(1, ${count}) i, lateral (select clock_timestamp() at) x;
       update read.generation set w = clock_timestamp() where id = ${id}`,
    )
  }
  const slices = async ({ schema } = generation) => {
    const { rows } = await pool.query<{ n: number }>(`select count(*) n from ${schema}.slice`)
    return rows[0]!.n
  }
  const failed = (error: unknown) => {
    throw error
  }

  it('takes up what was folded before there were rolls or these rolls, then waits until another slice has gathered', async () => {
    await book(SLICE + 100)
    const { id } = generation
    const first = await generationOf(pool, id)
    const sealing = sealBeside(pool, first, failed)
    sealing.saved([], first.w!)
    await sealing.close()
    expect(await slices()).toBe(1)
    expect(await wrongSlices(pool, generation)).toEqual([])
    await book(SLICE + 100)
    const second = await generationOf(pool, id)
    sealing.saved([], second.w!)
    expect(await slices()).toBe(1) // it was closed
    const next = sealBeside(pool, second, failed)
    next.saved([], second.w!)
    await next.close()
    expect(await slices()).toBe(2)
  })

  it('does not read back what it was told of', async () => {
    const told = await createGeneration(pool, { definitions, epoch, state: 'building' })
    await book(SLICE + 100, told)
    const { rows } = await pool.query<{ recorded: number }>(
      `select (extract(epoch from recorded_at) * 1000)::bigint recorded from ${told.schema}.entry order by 1`,
    )
    const entries = rows.map(({ recorded }, position): Entry => ({
      ...lineOf('touch', 1, { occurred: recorded, subject: { kind: 'visitor', id: 'v' }, dims: { channel: 'web' } }),
      cause: { topic: 'touchpoints', partition: 1, position },
      ordinal: 0,
      recorded,
    }))
    const sealing = sealBeside(failingAt(pool, 'offset'), told, failed)
    sealing.saved(entries, (await generationOf(pool, told.id)).w!)
    await sealing.close()
    expect(await slices(told)).toBe(1)
    expect(await wrongSlices(pool, told)).toEqual([])
  })

  it('once threw at whoever told it of entries that cannot be added up', async () => {
    const told = await createGeneration(pool, { definitions, epoch, state: 'building' })
    await book(SLICE + 100, told)
    const { w } = await generationOf(pool, told.id)
    const failures: unknown[] = []
    const sealing = sealBeside(pool, told, (error) => failures.push(error))
    const sealed = once(pool, 'release')
    sealing.saved([], 0) // nothing is due yet, and from now on entries are added up as they come
    await sealed
    await turn()
    const line = lineOf('touch', 1, { occurred: 1, subject: { kind: 'visitor', id: 'v' }, dims: {} })
    const cause = { topic: 'touchpoints', partition: 1, position: 1 } as const
    const entry: Entry = { ...line, elapsed: 0.5, cause, ordinal: 0, recorded: 1 }
    sealing.saved(
      Array.from({ length: SLICE }, () => entry),
      w!,
    )
    expect(failures).toEqual([expect.any(RangeError)])
    await sealing.close()
    expect(await slices(told)).toBe(1)
    expect(await wrongSlices(pool, told)).toEqual([])
  })

  it('tells a failure and goes on', async () => {
    const failures: unknown[] = []
    const sealing = sealBeside(pool, { ...generation, schema: 'gen_0' }, (error) => failures.push(error))
    sealing.saved([], 0)
    await sealing.close()
    expect(failures).toHaveLength(1)
  })
})
