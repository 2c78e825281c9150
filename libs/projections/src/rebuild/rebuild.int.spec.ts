import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals'
import type pg from 'pg'
import { covers, distance, FunnelError, type Positions } from '@funnel/events'
import { record } from '@funnel/ledger/testing'
import { syntheticLog } from '@funnel/testing'
import { createFolder } from '../fold/folder.js'
import { createGeneration, inTransaction, liveGeneration, type Generation } from '../generation/generation.js'
import { readDatabase, type ReadDatabase } from '../testing/database.js'
import { batches, definitions, epoch, recordAll, tailOf } from '../testing/scene.js'
import { fingerprint } from '../verify/fingerprint.js'
import { rebuild } from './rebuild.js'

describe('a rebuild', () => {
  let database: ReadDatabase
  let pool: pg.Pool
  beforeAll(async () => {
    database = await readDatabase()
    pool = database.pool
  })
  afterEach(() => database.clear())
  afterAll(() => database.drop())

  const live = () => createGeneration(pool, { definitions, epoch, state: 'live' })

  it('while events come in shows every reader a whole generation, never one that knows less than the last', async () => {
    const all = batches(recordAll([...syntheticLog(6000, { seed: 6 })]), [100])
    let known = 20
    const tail = tailOf(() => all.slice(0, known).flatMap(({ events }) => events as never))
    let folder = createFolder(pool, await live())
    for (const batch of all.slice(0, known)) await folder.apply(batch)
    const first = folder.generation

    const looks: { generation: Generation; facts: number; touches: number; entries: number }[] = []
    let rebuilt = false
    const over = new AbortController()
    const reading = (async () => {
      while (!over.signal.aborted) looks.push(await look())
      looks.push(await look())
    })()
    const folding = (async () => {
      while (known < all.length) {
        if (!rebuilt && known >= all.length - 5) {
          await sleep(5) // some are left for the time after the switch
          continue
        }
        const batch = all[known]!
        await folder.apply(batch).catch(async (error: unknown) => {
          if (!(error instanceof FunnelError && error.code === 'FENCED')) throw error
          folder = createFolder(pool, (await liveGeneration(pool))!)
          for (const missed of all.slice(0, known + 1))
            if (!covers(folder.generation.positions, missed.positions)) await folder.apply(missed)
        })
        known++
      }
    })()
    const made = await rebuild({ pool, tail, definitions })
    rebuilt = true
    await folding
    over.abort()
    await reading

    expect(folder.generation.id).toBe(made.id)
    expect(new Set(looks.map(({ generation }) => generation.id))).toEqual(new Set([first.id, made.id]))
    let before: { w: number; positions: Positions } = { w: 0, positions: {} }
    for (const { generation, facts, touches, entries } of looks) {
      expect(facts).toBe(distance({}, generation.positions))
      expect(entries).toBe(touches)
      expect(generation.w).toBeGreaterThanOrEqual(before.w)
      expect(covers(generation.positions, before.positions)).toBe(true)
      before = { w: generation.w!, positions: generation.positions }
    }
    const whole = createFolder(pool, await createGeneration(pool, { definitions, epoch, state: 'building' }))
    for (const batch of all) await whole.apply(batch)
    expect(await fingerprint(pool, made)).toEqual(await fingerprint(pool, whole.generation))
  })

  /** What one reader sees in one snapshot. */
  const look = () =>
    inTransaction(pool, async (client) => {
      await client.query('set transaction isolation level repeatable read')
      const generation = (await liveGeneration(client))!
      const { rows } = await client.query<{ facts: number; touches: number; entries: number }>(
        `select count(*) facts, count(*) filter (where type = 'touchpoint.recorded') touches,
           (select sum(amount)::bigint from ${generation.schema}.entry where measure = 'touch') entries
         from ${generation.schema}.fact`,
      )
      return { generation, ...rows[0]! }
    })

  it('after a restore of the store takes the place of what was folded from the log before', async () => {
    const before = createFolder(pool, await live())
    for (const batch of batches(recordAll([...syntheticLog(300, { seed: 7 })]), [100])) await before.apply(batch)
    const restored = recordAll([...syntheticLog(100, { seed: 7 })])
    const head = { epoch: '00000000-0000-4000-8000-000000000002' }
    const tail = tailOf(() => restored)
    const made = await rebuild({
      pool,
      definitions,
      tail: { ...tail, heads: async () => ({ ...(await tail.heads()), ...head }) },
    })
    expect(await liveGeneration(pool)).toMatchObject({ id: made.id, ...head })
    expect(distance({}, made.positions)).toBe(100)
  })

  it('(row 8) leaves the time before a definition was applied as it was, whatever its file says by now', async () => {
    const happened = (at: number, type: 'lead.captured' | 'lead.stage-entered', stage?: string) => ({
      type,
      data: { lead: 'l', ...(stage === undefined ? {} : { stage }) },
      at,
    })
    const turned = { ...definitions.funnel, version: 2, stages: definitions.funnel.stages.toReversed() }
    const log = record(
      [
        happened(1, 'lead.captured'),
        happened(2, 'lead.stage-entered', 'sql'),
        happened(3, 'lead.stage-entered', 'mql'),
        { type: 'definition.applied', data: { definition: 'funnel/funnel', content: turned, ahead: 0 }, at: 0 },
        happened(4, 'lead.stage-entered', 'sal'),
      ],
      [1],
    )
    const folder = createFolder(pool, await live())
    for (const batch of batches(log, [1])) await folder.apply(batch)
    const files = { ...definitions, funnel: turned }
    const made = await rebuild({ pool, tail: tailOf(() => log), definitions: files })
    expect(made.definitions).toEqual(definitions)
    expect(await fingerprint(pool, made)).toEqual(await fingerprint(pool, folder.generation))
  })

  it('that is stopped leaves the live generation and nothing else', async () => {
    const generation = await live()
    const stop = new AbortController()
    const records = recordAll([...syntheticLog(6000, { seed: 8 })])
    const stopped = rebuild({
      pool,
      definitions,
      tail: tailOf(() => records),
      signal: stop.signal,
      onProgress: () => stop.abort(new Error('stopped')),
    })
    await expect(stopped).rejects.toThrow('stopped')
    const { rows } = await pool.query<{ id: number }>('select id from read.generation')
    expect(rows).toEqual([{ id: generation.id }])
    const { rowCount } = await pool.query(`select from pg_namespace where nspname like 'gen_%'`)
    expect(rowCount).toBe(1)
  })
})
