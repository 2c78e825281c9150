import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals'
import type pg from 'pg'
import * as fc from 'fast-check'
import { always, nothingApplied, versionsOf, withRecords } from '@funnel/definitions'
import { distance } from '@funnel/events'
import { canonicalHash, contributions, fold, journalHash, NodeMap, type NodeRef, type NodeState } from '@funnel/ledger'
import { changingHappenings, gaps, happenings, mixedHappenings, record } from '@funnel/ledger/testing'
import { createGeneration, generationOf } from '../generation/generation.js'
import { committingAfter, failing } from '../testing/cut.js'
import { readDatabase, type ReadDatabase } from '../testing/database.js'
import { runs } from '../testing/runs.js'
import { batches, definitions, entriesOf, epoch } from '../testing/scene.js'
import { fingerprint } from '../verify/fingerprint.js'
import { createFolder, type Folder } from './folder.js'
import { dimsIds } from './rows.js'
import { nodesOf } from './states.js'

// more runs than by default take their time
jest.setTimeout(600_000)

describe('a folder', () => {
  let database: ReadDatabase
  let pool: pg.Pool
  beforeAll(async () => {
    database = await readDatabase()
    pool = database.pool
  })
  afterEach(() => database.clear())
  afterAll(() => database.drop())

  const building = () => createGeneration(pool, { definitions, epoch, state: 'building' })
  const [list, between] = fc.sample(
    fc.tuple(
      happenings(40).filter((all) => all.length > 20),
      gaps,
    ),
    { numRuns: 1, seed: 4 },
  )[0]!
  const records = record(list, between)

  it('gives the ledger that the facts add up to, whatever the batches, crashes, repeats, and others that fold as well', async () => {
    const turn = fc.record({
      size: fc.integer({ min: 1, max: 9 }),
      repeated: fc.nat({ max: 6 }),
      who: fc.nat({ max: 1 }),
      crashAt: fc.option(fc.integer({ min: 1, max: 9 }), { nil: 0, freq: 2 }),
    })
    const seen = { fenced: 0, crashed: 0, repeated: 0 }
    for (const [some, pauses, turns] of fc.sample(
      fc.tuple(
        fc.oneof(mixedHappenings(), changingHappenings()),
        gaps,
        fc.array(turn, { minLength: 5, maxLength: 12 }),
      ),
      runs(40, 20),
    )) {
      const log = record(some, pauses)
      const generation = await building()
      const folders: Folder[] = [createFolder(pool, generation), createFolder(pool, generation)]
      const again = async (who: number, through = pool) =>
        (folders[who] = createFolder(through, await generationOf(pool, generation.id)))
      for (let at = 0, i = 0; at < log.length; i++) {
        const { size, repeated, who, crashAt } = turns[i % turns.length]!
        // each reads on from its own place, or a little before
        const place = distance({}, folders[who]!.generation.positions)
        const from = Math.max(0, place - repeated)
        const sizes = [from, Math.min(size, log.length - at) + at - from, log.length]
        const batch = batches(log, sizes.filter(Boolean))[from ? 1 : 0]!
        if (crashAt) {
          const crashing = await again(who, failing(pool, crashAt))
          await crashing.apply(batch).catch(() => seen.crashed++)
          await again(who)
        }
        try {
          await folders[who]!.apply(batch)
        } catch (error) {
          expect(error).toMatchObject({ code: 'FENCED' })
          seen.fenced++
          await (await again(who)).apply(batch)
        }
        seen.repeated += place - from
        at += size
      }
      const entries = await entriesOf(pool, generation)
      expect(canonicalHash(entries)).toBe(canonicalHash(contributions(log, definitions)))
      const pure = new NodeMap<NodeState>()
      expect(journalHash(entries)).toBe(
        journalHash(fold(pure, log, versionsOf(definitions, withRecords(nothingApplied, log))).entries),
      )
      const { rows: refs } = await pool.query<NodeRef>(`select kind, key from ${generation.schema}.node`)
      const stored = new NodeMap<unknown>()
      for (const { ref, node } of await nodesOf(pool, generation.schema, refs)) stored.set(ref, node)
      for (const kind of ['visitor', 'person', 'lead', 'deal', 'clock'] as const)
        expect(stored.of(kind)).toEqual(
          new Map([...pure.of(kind)].map(([key, state]) => [key, JSON.parse(JSON.stringify(state))])),
        )
    }
    expect(Math.min(...Object.values(seen))).toBeGreaterThan(10)
  })

  /** The statements of a batch after which a crash leaves something half done; how many statements there are. */
  const halfDone = async (through: (pool: pg.Pool) => pg.Pool) => {
    const [first, second] = batches(records, [Math.ceil(records.length / 2)])
    const torn: number[] = []
    for (let statement = 1; ; statement++) {
      const generation = await building()
      await createFolder(pool, generation).apply(first!)
      const state = async () => [await fingerprint(pool, generation), await generationOf(pool, generation.id)]
      const before = await state()
      const folder = createFolder(failing(through(pool), statement), await generationOf(pool, generation.id))
      const applied = await folder.apply(second!).then(
        () => true,
        () => false,
      )
      if (applied) return { torn, statements: statement - 1 }
      if (JSON.stringify(await state()) !== JSON.stringify(before)) torn.push(statement)
    }
  }

  it('leaves nothing half done when it is cut off at any statement', async () => {
    const { torn, statements } = await halfDone((sound) => sound)
    expect(torn).toEqual([])
    expect(statements).toBeGreaterThan(7)
  })

  it('that saved its place in a transaction of its own would be found out by that check', async () => {
    const { torn } = await halfDone((sound) => committingAfter(sound, 'fence'))
    expect(torn.length).toBeGreaterThan(4)
  })

  it('refuses a batch that claims a place beyond its events, which would be lost', async () => {
    const [batch] = batches(records)
    const generation = await building()
    const short = { ...batch!, events: batch!.events.slice(0, -1) }
    await expect(createFolder(pool, generation).apply(short)).rejects.toMatchObject({ code: 'LOG_GAP' })
    expect(await generationOf(pool, generation.id)).toEqual(generation)
  })

  it('refuses what comes after its watermark, as when a share of the partitions was folded ahead of the rest', async () => {
    const generation = await building()
    const folder = createFolder(pool, generation)
    const share = records.filter(({ topic }) => topic === 'leads')
    await folder.apply(batches(share)[0]!)
    const before = await generationOf(pool, generation.id)
    const rest = batches(records.filter(({ topic }) => topic !== 'leads'))[0]!
    await expect(folder.apply({ ...rest, w: before.w! })).rejects.toMatchObject({ code: 'INTERNAL' })
    expect(await generationOf(pool, generation.id)).toEqual(before)
  })

  it('stops with INTERNAL when the dictionary has another set of values under the id of one', async () => {
    const generation = await building()
    const entry = fold(new NodeMap(), records, always(definitions)).entries.find(
      ({ dims }) => Object.keys(dims).length,
    )!
    await pool.query(`insert into ${generation.schema}.dims values ($1, '{"channel": "another"}')`, [
      String(dimsIds().idOf(entry.dims)),
    ])
    await expect(createFolder(pool, generation).apply(batches(records)[0]!)).rejects.toMatchObject({ code: 'INTERNAL' })
    expect(await entriesOf(pool, generation)).toEqual([])
  })
})
