import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals'
import type pg from 'pg'
import * as fc from 'fast-check'
import { pino } from 'pino'
import { always, definitionHash } from '@funnel/definitions'
import { derivedId } from '@funnel/events'
import { advanceHead, PostgresEventLog, postgresEventTail } from '@funnel/event-log'
import { openEventStore, type EventStore } from '@funnel/event-store'
import { canonicalHash, contributions, fold, journalHash, NodeMap } from '@funnel/ledger'
import { gaps, happenings, mixedHappenings, record } from '@funnel/ledger/testing'
import { syntheticLog } from '@funnel/testing'
import { foldAll } from './fold/fold-all.js'
import { createFolder } from './fold/folder.js'
import { adoptKpis, createGeneration, generationOf, liveGeneration, switchTo } from './generation/generation.js'
import { startProjector, type Projector } from './projector.js'
import { rebuild } from './rebuild/rebuild.js'
import { failing, failingAt, failingLookUps, slow } from './testing/cut.js'
import { readDatabase, type ReadDatabase } from './testing/database.js'
import { runs } from './testing/runs.js'
import { batches, definitions, entriesOf, epoch, recordAll, tailOf } from './testing/scene.js'
import { fingerprint } from './verify/fingerprint.js'
import { verify } from './verify/verify.js'

// more runs than by default take their time
jest.setTimeout(600_000)

const logger = pino({ level: 'silent' })

describe('projections', () => {
  let database: ReadDatabase
  let pool: pg.Pool
  beforeAll(async () => {
    database = await readDatabase()
    pool = database.pool
  })
  afterEach(() => database.clear())
  afterAll(() => database.drop())

  const live = () => createGeneration(pool, { definitions, epoch, state: 'live' })
  const building = () => createGeneration(pool, { definitions, epoch, state: 'building' })
  const logs = (count: number, seed: number) =>
    fc.sample(
      fc.tuple(mixedHappenings(40), gaps, fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 })),
      runs(count, seed),
    )

  describe('a batch', () => {
    it('is folded into the very entries that the pure fold gives', async () => {
      for (const [list, between, sizes] of logs(15, 1)) {
        const records = record(list, between)
        const folder = createFolder(pool, await building())
        for (const batch of batches(records, sizes)) await folder.apply(batch)
        const { entries } = fold(new NodeMap(), records, always(definitions))
        expect(journalHash(await entriesOf(pool, folder.generation))).toBe(journalHash(entries))
      }
    })

    it('is folded into the very same while the batch before is saved, however slowly, and however few states are kept', async () => {
      for (const [list, between, sizes] of logs(12, 2)) {
        const all = batches(record(list, between), sizes)
        const alone = createFolder(pool, await building())
        for (const batch of all) await alone.apply(batch)
        const expected = await fingerprint(pool, alone.generation)
        for (const kept of [0, 8]) {
          const folder = createFolder(slow(pool, [0, 3, 1, 0, 7, 2, 5]), await building(), kept)
          await foldAll(folder, Readable.from(all), () => undefined)
          expect(await fingerprint(pool, folder.generation)).toEqual(expected)
        }
      }
    })

    it.each([
      ['is not saved', () => failing(pool, 2)],
      ['is not looked up for', () => failingLookUps(pool)],
    ])('that %s ends those after it, too, and leaves nothing half done', async (_, cut) => {
      const all = batches(record(...sample(4)), [5])
      const generation = await building()
      const alone = createFolder(pool, generation)
      await alone.apply(all[0]!)
      const expected = await fingerprint(pool, generation)
      const folder = createFolder(cut(), await generationOf(pool, generation.id))
      const outcomes = await Promise.allSettled(all.slice(1, 4).map((batch) => folder.apply(batch)))
      expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected'])
      expect(await fingerprint(pool, generation)).toEqual(expected)
      expect((await generationOf(pool, generation.id)).fold).toBe(1)
    })

    it('that comes again changes nothing', async () => {
      const records = record(...sample(2))
      const generation = await live()
      const folder = createFolder(pool, generation)
      const all = batches(records, [5])
      for (const batch of all) {
        await folder.apply(batch)
        await folder.apply(batch)
      }
      for (const batch of all) await folder.apply(batch)
      const once = createFolder(pool, await building())
      for (const batch of all) await once.apply(batch)
      expect(await fingerprint(pool, generation)).toEqual(await fingerprint(pool, once.generation))
    })

    it('with a missing position is refused and leaves nothing', async () => {
      const records = record(...sample(3))
      const folder = createFolder(pool, await live())
      const second = records.find(({ position }) => position === 2)!
      const first = records.find(({ topic, partition }) => topic === second.topic && partition === second.partition)
      const holed = records.filter((one) => one !== first)
      await expect(folder.apply(batches(holed)[0]!)).rejects.toMatchObject({ code: 'LOG_GAP' })
      expect(await entriesOf(pool, folder.generation)).toEqual([])
      expect((await generationOf(pool, folder.generation.id)).fold).toBe(0)
    })

    it('of a folder that somebody else has overtaken is refused', async () => {
      const all = batches(record(...sample(6)), [4])
      const generation = await live()
      const zombie = createFolder(pool, generation)
      await zombie.apply(all[0]!)
      const next = createFolder(pool, await generationOf(pool, generation.id))
      await next.apply(all[1]!)
      await expect(zombie.apply(all[1]!)).rejects.toMatchObject({ code: 'FENCED' })
      await next.apply(all[2]!)
      expect((await generationOf(pool, generation.id)).fold).toBe(3)
    })

    it('of a generation that was replaced is refused', async () => {
      const all = batches(record(...sample(7)), [50])
      const old = createFolder(pool, await live())
      const next = createFolder(pool, await building())
      await next.apply(all[0]!)
      expect(await switchTo(pool, next.generation.id)).toBe(true)
      await expect(old.apply(all[0]!)).rejects.toMatchObject({ code: 'FENCED' })
    })

    it('parks a subject whose fold throws, and that one only', async () => {
      const events = [...syntheticLog(300, { seed: 9 })]
      const records = recordAll(events)
      const generation = await live()
      // what a bug would do: the state of one lead is not what the fold expects
      const [victim] = records.filter(({ event }) => event.type === 'lead.captured')
      const key = victim!.event.partitionkey
      await pool.query(`insert into ${generation.schema}.node values ('lead', $1, $2)`, [
        key,
        JSON.stringify({ kind: 'lead', facts: [], won: null, deals: [] }),
      ])
      const folder = createFolder(pool, generation)
      for (const batch of batches(records, [50])) await folder.apply(batch)
      expect((await generationOf(pool, generation.id)).parked).toBe(1)
      const { rows } = await pool.query<{ kind: string; key: string }>(
        `select kind, key from ${generation.schema}.parked`,
      )
      expect(rows).toEqual([{ kind: 'lead', key }])
      const others = (await entriesOf(pool, generation)).filter(
        ({ subject }) => subject.kind === 'lead' && subject.id !== key && subject.id !== '',
      )
      const pure = fold(new NodeMap(), records, always(definitions)).entries.filter(
        ({ subject }) => subject.kind === 'lead' && subject.id !== key,
      )
      expect(canonicalHash(others)).toBe(canonicalHash(pure))
    })
  })

  it('tells as of any instant what a generation folded from the log cut there tells', async () => {
    for (const [list, between] of logs(12, 11)) {
      const records = record(list, between)
      const folder = createFolder(pool, await building())
      for (const batch of batches(records, [6])) await folder.apply(batch)
      const entries = await entriesOf(pool, folder.generation)
      for (const { recorded } of records)
        expect(canonicalHash(entries.filter((entry) => entry.recorded <= recorded))).toBe(
          canonicalHash(
            contributions(
              records.filter((one) => one.recorded <= recorded),
              definitions,
            ),
          ),
        )
    }
  })

  it('takes new KPIs at once, and keeps what it was folded under when stages or dimensions change', async () => {
    const generation = await live()
    const more = { ...definitions, kpis: definitions.kpis.map((kpi) => ({ ...kpi, version: kpi.version + 1 })) }
    const adopted = await adoptKpis(pool, generation, more)
    expect((await generationOf(pool, generation.id)).definitions).toEqual(more)
    expect((await generationOf(pool, generation.id)).definitionsHash).toBe(adopted.definitionsHash)
    const other = { ...more, dimensions: more.dimensions.slice(1) }
    expect(await adoptKpis(pool, adopted, other)).toBe(adopted)
    // a process that was not restarted yet, and still has the older KPIs
    expect(await adoptKpis(pool, adopted, definitions)).toBe(adopted)
    expect((await generationOf(pool, generation.id)).definitions).toEqual(more)
    // and one that never heard of a KPI
    const fewer = { ...more, kpis: more.kpis.slice(1) }
    expect(await adoptKpis(pool, adopted, fewer)).toBe(adopted)
    expect((await generationOf(pool, generation.id)).definitions).toEqual(more)
  })

  it('(row 8) keeps its teams when their file changes, where a dimension that was applied asks for them', async () => {
    const [mine] = definitions.dimensions
    const manager = { ...mine!, id: 'manager', sources: { lead: { from: 'owner', attribute: 'manager' as const } } }
    const team = (head: string) => ({ ...mine!, id: 'dach', side: 'sales' as const, manager: head, members: ['ann'] })
    const lead = (at: number, type: 'lead.captured' | 'lead.enriched') => ({
      type,
      data: { lead: 'l', owner: 'ann' },
      at: at * 1e12, // from the second on they count by what is in force when they are recorded
    })
    const log = record(
      [
        { type: 'definition.applied', data: { definition: 'dimension/manager', content: manager, ahead: 0 }, at: 0 },
        lead(1, 'lead.captured'),
        lead(2, 'lead.enriched'),
      ],
      [1],
    )
    const [before, after] = batches(log, [2])
    const made = { ...definitions, teams: [team('ines')] }
    const folder = createFolder(pool, await createGeneration(pool, { definitions: made, epoch, state: 'live' }))
    await folder.apply(before!)
    const files = { ...definitions, teams: [team('lena')] }
    const next = createFolder(pool, await adoptKpis(pool, folder.generation, files))
    await next.apply(after!)
    const { definitions: base } = await generationOf(pool, folder.generation.id)
    const anew = createFolder(pool, await createGeneration(pool, { definitions: base, epoch, state: 'building' }))
    for (const batch of batches(log)) await anew.apply(batch)
    expect(await entriesOf(pool, next.generation)).toEqual(await entriesOf(pool, anew.generation))
    expect(base).toEqual(made)
    // what needs no rebuild is taken as before
    const kpis = definitions.kpis.map((kpi) => ({ ...kpi, version: kpi.version + 1 }))
    expect((await adoptKpis(pool, next.generation, { ...made, kpis })).definitions.kpis).toEqual(kpis)
  })

  describe('a rebuild', () => {
    it('is equal to what was folded live, is switched to at once, and the old folder is fenced', async () => {
      const records = recordAll([...syntheticLog(2000, { seed: 3 })])
      const old = createFolder(pool, await live())
      for (const batch of batches(records, [137])) await old.apply(batch)
      const seen: number[] = []
      const made = await rebuild({
        pool,
        tail: tailOf(() => records),
        definitions,
        onProgress: ({ done }) => seen.push(done),
      })
      expect(seen.at(-1)).toBe(2000)
      expect((await liveGeneration(pool))!.id).toBe(made.id)
      expect(await fingerprint(pool, made)).toEqual(await fingerprint(pool, old.generation))
    })

    it('of merged, un-merged and unlinked identities is equal to what was folded live', async () => {
      for (const [list, between, sizes] of logs(40, 21).filter(([list]) => list.filter(decided).length > 4)) {
        const records = record(list, between)
        const old = createFolder(pool, await live())
        for (const batch of batches(records, sizes)) await old.apply(batch)
        const made = await rebuild({ pool, tail: tailOf(() => records), definitions })
        expect(await fingerprint(pool, made)).toEqual(await fingerprint(pool, old.generation))
        await database.clear()
      }
    })

    it('does not take the place of a generation that has folded more', async () => {
      const all = batches(record(...sample(8)), [5])
      const ahead = createFolder(pool, await live())
      for (const batch of all) await ahead.apply(batch)
      const behind = createFolder(pool, await building())
      await behind.apply(all[0]!)
      expect(await switchTo(pool, behind.generation.id)).toBe(false)
      expect((await liveGeneration(pool))!.id).toBe(ahead.generation.id)
    })

    it('that fails while its indexes are made leaves nothing of it at work, and no tables', async () => {
      await live()
      const records = recordAll([...syntheticLog(50, { seed: 3 })])
      let indexing = 0
      const query = async (...args: unknown[]): Promise<unknown> => {
        if (!String(args[0]).includes('create index')) return (pool.query as (...args: unknown[]) => unknown)(...args)
        indexing++
        await pool.query('select pg_sleep(0.3)')
        indexing--
        return undefined
      }
      const unsealing = new Proxy(failingAt(pool, 'pg_try_advisory_xact_lock'), {
        get: (target, name) => (name === 'query' ? query : (Reflect.get(target, name) as unknown)),
      })
      await expect(rebuild({ pool: unsealing, tail: tailOf(() => records), definitions })).rejects.toThrow('was cut')
      expect(indexing).toBe(0)
      const { rows } = await pool.query(`select id from read.generation where state = 'building'`)
      expect(rows).toEqual([])
    })

    it('removes what an earlier one left unfinished', async () => {
      await live()
      const left = await building()
      const made = await rebuild({ pool, tail: tailOf(() => []), definitions })
      expect(made.id).not.toBe(left.id)
      await expect(generationOf(pool, left.id)).rejects.toMatchObject({ code: 'NOT_FOUND' })
    })
  })

  describe('the projector', () => {
    let store: EventStore
    let projectors: Projector[] = []
    let logs: PostgresEventLog[] = []
    const running: { stop: boolean } = { stop: false }
    let heads: Promise<void>
    beforeEach(async () => {
      store = await openEventStore({ url: database.url })
      running.stop = false
      await advanceHead(pool)
      heads = (async () => {
        while (!running.stop) {
          await advanceHead(pool)
          await sleep(10)
        }
      })()
    })
    afterEach(async () => {
      for (const projector of projectors) await projector.close()
      for (const log of logs) await log.close()
      projectors = []
      logs = []
      running.stop = true
      await heads
      await store.close()
    })
    const start = (files = definitions) => {
      const tail = postgresEventTail(pool)
      const log = new PostgresEventLog(pool, tail)
      logs.push(log)
      const projector = startProjector({
        log,
        tail,
        url: database.url,
        pool,
        definitions: files,
        logger,
      })
      projectors.push(projector)
      return projector
    }
    const folded = async (count: number) => {
      for (;;) {
        const generation = await liveGeneration(pool)
        if (generation) {
          const { rows } = await pool.query<{ n: number }>(`select count(*) n from ${generation.schema}.fact`)
          if (rows[0]!.n === count) return generation
        }
        await sleep(20)
      }
    }

    it('follows the log, stands by while another folds, takes over, and follows a rebuild while events come', async () => {
      const events = [...syntheticLog(3000, { seed: 4 })]
      const append = async (from: number, to: number) => {
        for (let at = from; at < to; at += 100) await store.append({ events: events.slice(at, Math.min(at + 100, to)) })
      }
      const first = start()
      await append(0, 1000)
      await folded(1000)
      const second = start()
      await append(1000, 1500)
      await folded(1500)
      expect(second.active).toBe(false)
      await first.close()
      await append(1500, 2000)
      await folded(2000)
      expect(second.active).toBe(true)

      const before = await liveGeneration(pool)
      const [made] = await Promise.all([
        rebuild({ pool, tail: postgresEventTail(pool), definitions }),
        append(2000, 3000),
      ])
      const after = await folded(3000)
      expect(after.id).toBe(made.id)
      expect(after.id).not.toBe(before!.id)

      const { differences, numbers } = await verify({ store: pool, read: pool, tail: postgresEventTail(pool) })
      expect(differences).toEqual([])
      expect(numbers.length).toBeGreaterThan(6)
      expect(numbers.every(({ fromEvents }) => fromEvents > 0)).toBe(true)
    })

    it('keeps a KPI that a rebuild has brought, though its own definitions have it not', async () => {
      const ours = { ...definitions.kpis[0]!, id: 'ours' }
      const more = { ...definitions, kpis: [...definitions.kpis, ours] }
      const events = [...syntheticLog(200, { seed: 6 })]
      const running = start()
      await store.append({ events: events.slice(0, 100) })
      await folded(100)
      const made = await rebuild({ pool, tail: postgresEventTail(pool), definitions: more })
      await store.append({ events: events.slice(100, 150) })
      await folded(150) // the running one goes on with the new generation
      await running.close()
      start()
      await store.append({ events: events.slice(150) })
      await folded(200)
      expect(await liveGeneration(pool)).toMatchObject({ id: made.id, definitions: more })
    })

    it('(row 8) goes on with its generation when a definition is applied, and no file that it starts with changes that', async () => {
      const [first, ...others] = definitions.dimensions
      const changed = { ...first!, version: 2, sources: { touch: { from: 'kind' } } }
      const files = { ...definitions, dimensions: [changed, ...others] }
      const events = [...syntheticLog(300, { seed: 9 })]
      const running = start()
      await store.append({ events: events.slice(0, 150) })
      const before = await folded(150)
      await store.append({
        events: [
          {
            ...events[0]!,
            id: derivedId('applied', first!.id),
            type: 'definition.applied',
            dataschema: 'definition.applied:1',
            partitionkey: `dimension/${first!.id}`,
            data: {
              definition: `dimension/${first!.id}`,
              version: 2,
              effective: new Date().toISOString(),
              approved: { marketing: 'mia', sales: 'sam' },
              hash: definitionHash(changed),
              content: changed,
            },
          },
        ],
      })
      await folded(151)
      await running.close()
      const next = start(files)
      await sleep(5) // what happens from now on happens after the change
      const later = (i: number) => new Date(Date.now() + i).toISOString()
      await store.append({ events: events.slice(150).map((event, i) => ({ ...event, time: later(i) })) })
      const after = await folded(301)
      expect(after.id).toBe(before.id)
      expect(after.definitions).toEqual(definitions)
      expect(next.outdated).toBe(false)
      const kinds = new Set((await entriesOf(pool, after)).map(({ dims }) => dims[first!.id]))
      expect(kinds).toContain('page')
      for (const projector of projectors) await projector.close()
      const { differences } = await verify({ store: pool, read: pool, tail: postgresEventTail(pool) })
      expect(differences).toEqual([])
      // files that were not applied are another matter
      const other = start({ ...files, dimensions: [changed] })
      while (!other.generation) await sleep(10)
      expect(other.outdated).toBe(true)
    })

    it('is caught by verify when the generation says of itself what is not so', async () => {
      start()
      await store.append({ events: [...syntheticLog(200, { seed: 5 })] })
      await folded(200)
      for (const projector of projectors) await projector.close()
      const differences = async () =>
        (await verify({ store: pool, read: pool, tail: postgresEventTail(pool) })).differences
      expect(await differences()).toEqual([])
      for (const [set, back, told] of [
        [`w = w + interval '1 hour'`, `w = w - interval '1 hour'`, 'the watermark lies beyond'],
        ['parked = 1', 'parked = 0', '0 subjects are parked, and 1 are told'],
        [
          `definitions = jsonb_set(definitions, '{kpis,0,name}', '"other"')`,
          `definitions = definitions`,
          'the definitions are not those',
        ],
      ] as const) {
        await pool.query(`update read.generation set ${set} where state = 'live'`)
        expect(await differences()).toEqual([expect.stringContaining(told)])
        await pool.query(`update read.generation set ${back} where state = 'live'`)
      }
    })

    it('is caught by verify when an entry is lost, changed or counted twice', async () => {
      start()
      await store.append({ events: [...syntheticLog(500, { seed: 5 })] })
      const generation = await folded(500)
      for (const projector of projectors) await projector.close()
      const differences = async () =>
        (await verify({ store: pool, read: pool, tail: postgresEventTail(pool) })).differences
      expect(await differences()).toEqual([])
      const { schema } = generation
      await pool.query(`insert into ${schema}.entry select * from ${schema}.entry where measure = 'touch' limit 1`)
      expect(await differences()).toEqual([
        expect.stringMatching(/^touches in \d{4}-\d\d: the events say/),
        expect.stringContaining('the table journal differs'),
      ])
    })
  })
})

const decided = ({ type }: Parameters<typeof record>[0][number]) => /(absorbed|released|unlinked)$/.test(type)

function sample(seed: number): [Parameters<typeof record>[0], readonly number[]] {
  return fc.sample(
    fc.tuple(
      happenings(40).filter((all) => all.length > 20),
      gaps,
    ),
    { numRuns: 1, seed },
  )[0]!
}
