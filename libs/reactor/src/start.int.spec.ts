import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import type pg from 'pg'
import type { Decider } from '@funnel/domain'
import { mintId, type Envelope } from '@funnel/events'
import { postgresEventTail } from '@funnel/event-log'
import { handle, type EventStore } from '@funnel/event-store'
import type { Intent, Reactor } from './reactor.js'
import type { Outcome } from './outcome.js'
import type { Running } from './start.js'
import { openStage, type Stage } from './testing/stage.js'

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
  let stage: Stage
  let store: EventStore
  let pool: pg.Pool
  beforeEach(async () => {
    stage = await openStage()
    ;({ store, pool } = stage)
  })
  afterEach(() => stage.close())

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
  const start = (execute = carryOut): Running => stage.run(handing, execute)
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
      if (Date.now() > end) throw new Error(`not within 20 s: ${stage.troubles()}`)
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
    await until(async () => (await pool.query('select from reactor.timer')).rowCount === 0)
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
    // what was carried out is saved a moment later
    const counted = () => pool.query<{ state: number }>(`select state from reactor.state where key = 'captured'`)
    await until(async () => (await counted()).rows[0]?.state === 3)
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
    await stage.running.at(-1)!.close()
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
