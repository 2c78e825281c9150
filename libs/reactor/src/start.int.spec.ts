import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import type pg from 'pg'
import type { Decider } from '@funnel/domain'
import { mintId, type Envelope } from '@funnel/events'
import { PostgresEventLog, postgresEventTail, startHeadReader } from '@funnel/event-log'
import { handle, migrateStore, openEventStore, type EventStore } from '@funnel/event-store'
import { createLogger, createPool } from '@funnel/platform'
import { testDatabase, type TestDatabase } from '@funnel/testing'
import { migrateReactor } from './migrations/index.js'
import type { Intent, Reactor } from './reactor.js'
import type { Outcome } from './outcome.js'
import { startReactor, type Running } from './start.js'

interface Assign {
  readonly lead: string
  readonly owner: string
}

/** Gives a captured lead to sam at once, and to sue when nobody engaged it for as many ms as its owner's name says. */
const handing: Reactor<number, Assign> = {
  name: 'handing',
  keysOf: () => ['captured'],
  react: ({ event, recorded }, turn) => {
    if (event.type === 'lead.engaged') turn.cancel(event.data.lead)
    if (event.type !== 'lead.captured') return
    turn.set('captured', (turn.get('captured') ?? 0) + 1)
    turn.command('first', { lead: event.data.lead, owner: 'sam' })
    turn.arm(event.data.lead, recorded + Number(event.data.owner), null)
  },
  due: ({ id }, turn) => turn.command('second', { lead: id, owner: 'sue' }),
}

const assigning: Decider<Assign, string | undefined> = {
  initialState: undefined,
  decide: (data, owner) => (data.owner === owner ? [] : [{ type: 'lead.assigned', data }]),
  evolve: (owner, { type, data }) => (type === 'lead.assigned' ? data.owner : owner),
}

describe('a reactor', () => {
  let database: TestDatabase
  let store: EventStore
  let pool: pg.Pool
  let heads: ReturnType<typeof startHeadReader>
  const running: Running[] = []
  const logs: PostgresEventLog[] = []
  const logger = createLogger('test', 'silent')

  beforeEach(async () => {
    database = await testDatabase()
    await migrateStore(database.url)
    await migrateReactor(database.url)
    store = await openEventStore({ url: database.url })
    pool = createPool(database.url, 'test', 5)
    heads = startHeadReader({ url: database.url, logger })
  })
  afterEach(async () => {
    await Promise.all(running.splice(0).map((one) => one.close()))
    await Promise.all(logs.splice(0).map((log) => log.close()))
    await heads.close()
    await pool.end()
    await store.close()
    await database.drop()
  })

  const carryOut = async ({ command, cause, key }: Intent<Assign>): Promise<Outcome> => {
    const { events } = await handle(store, {
      decider: assigning,
      command,
      streams: [`lead-${command.lead}`],
      source: '/funnel/handing',
      key,
      cause,
    })
    return events.length ? 'done' : 'nothing'
  }
  const start = (execute = carryOut): Running => {
    const tail = postgresEventTail(pool)
    const log = new PostgresEventLog(pool, tail)
    const one = startReactor({ reactor: handing, log, tail, url: database.url, pool, execute, logger })
    running.push(one)
    logs.push(log)
    return one
  }
  const event = (type: 'lead.captured' | 'lead.engaged', lead: string, data: object): Envelope => ({
    specversion: '1.0',
    id: mintId(),
    source: '/test',
    type,
    dataschema: `${type}:1`,
    time: new Date().toISOString(),
    partitionkey: lead,
    data: { lead, ...data },
  })
  const captured = (lead: string, wait = 100) => event('lead.captured', lead, { owner: String(wait) })
  const tell = (...events: Envelope[]): Promise<unknown> => store.append({ events })
  const owners = async (lead: string): Promise<unknown[]> =>
    (await store.read(`lead-${lead}`)).flatMap(({ event: { type, data } }) =>
      type === 'lead.assigned' ? [(data as Assign).owner] : [],
    )
  const until = async (condition: () => Promise<boolean>): Promise<void> => {
    for (const end = Date.now() + 20_000; !(await condition()); await sleep(20))
      if (Date.now() > end) throw new Error(`not within 20 s: ${running.map(({ trouble }) => trouble).join()}`)
  }
  /** The reactor knows the log from its beginning: what comes is news to it. */
  const started = async (execute?: typeof carryOut): Promise<Running> => {
    const one = start(execute)
    await until(async () => one.trouble === undefined)
    return one
  }

  it('carries out what follows from an event, and from a timer that nothing cancelled', async () => {
    await started()
    await tell(captured('b'), event('lead.engaged', 'b', { kind: 'reply' }))
    await tell(captured('a'))
    await until(async () => (await owners('a')).length === 2)
    expect(await owners('a')).toEqual(['sam', 'sue'])
    expect(await owners('b')).toEqual(['sam'])
    const [first, ...decided] = (await store.read('lead-a')).map(({ event }) => event)
    expect(decided.map(({ causationid, hops }) => ({ causationid, hops }))).toEqual([
      { causationid: first!.id, hops: 1 },
      { causationid: first!.id, hops: 1 },
    ])
    expect((await pool.query('select from reactor.timer')).rowCount).toBe(0)
  })

  it('repeats a batch that it did not come to save, and nothing happens twice', async () => {
    let failures = 0
    await started(async (intent) => {
      const outcome = await carryOut(intent)
      if (failures++ < 2) throw new Error('killed between command and save')
      return outcome
    })
    await Promise.all(['a', 'b', 'c'].map((lead) => tell(captured(lead))))
    await until(async () => (await owners('a')).length + (await owners('b')).length + (await owners('c')).length === 6)
    expect(failures).toBeGreaterThan(6)
    for (const lead of ['a', 'b', 'c']) expect(await owners(lead)).toEqual(['sam', 'sue'])
    expect((await pool.query(`select state from reactor.state where key = 'captured'`)).rows).toEqual([{ state: 3 }])
  })

  it('fires what came due while no process ran, once, when one runs again', async () => {
    const one = await started()
    await tell(captured('a', 60_000))
    await until(async () => (await pool.query('select from reactor.timer')).rowCount === 1)
    await one.close()
    await pool.query(`update reactor.timer set due = clock_timestamp()`)
    expect(await owners('a')).toEqual(['sam'])
    await started()
    await until(async () => (await owners('a')).length === 2)
    await running.at(-1)!.close()
    await started()
    await tell(captured('b'))
    await until(async () => (await owners('b')).length === 2)
    expect(await owners('a')).toEqual(['sam', 'sue'])
  })

  it('leaves alone what was known before it was there', async () => {
    await tell(captured('old', 1))
    const [record] = await store.read('lead-old')
    const head = () => postgresEventTail(pool).heads()
    await until(() =>
      head().then(
        ({ w }) => w > record!.recorded + 1,
        () => false,
      ),
    )
    await started()
    await tell(captured('new'))
    await until(async () => (await owners('new')).length === 2)
    expect(await owners('old')).toEqual([])
    expect((await pool.query(`select state from reactor.state where key = 'captured'`)).rows).toEqual([{ state: 2 }])
  })

  it('is one among several processes: another stands by and takes over', async () => {
    const first = await started()
    const second = start()
    await until(async () => /stands by/.test(second.trouble ?? ''))
    await first.close()
    await until(async () => second.active && second.trouble === undefined)
    await tell(captured('a'))
    await until(async () => (await owners('a')).length === 2)
  })
})
