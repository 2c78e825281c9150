import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type pg from 'pg'
import { derivedId, typeOf, type Envelope, type FunnelEvent } from '@funnel/events'
import { createPool } from '@funnel/platform'
import type { EventStore } from '../event-store.js'
import { memoryEventStore, type MemoryEventStore } from '../memory/memory-event-store.js'
import { storeDatabase, type StoreDatabase } from '../testing/store-database.js'
import { postgresDefinitionLog } from './definition-log.js'

describe('what a store says about definitions', () => {
  let database: StoreDatabase
  let pool: pg.Pool
  let store: EventStore
  const memory: MemoryEventStore = memoryEventStore()
  beforeAll(async () => {
    database = await storeDatabase(1, 1)
    ;({ pool, store } = database)
  })
  afterAll(() => database.drop())

  let n = 0
  /** Records an event in both; gives when, in each. */
  const record = async (type: FunnelEvent['type'], data: Readonly<Record<string, unknown>>) => {
    const event: Envelope = {
      specversion: '1.0',
      id: derivedId('definition-log', n++),
      source: '/test',
      type,
      dataschema: `${type}:1`,
      time: '2026-01-01T00:00:00.000Z',
      partitionkey: data[typeOf(type)!.key] as string,
      data,
    }
    const appended = await Promise.all([store, memory].map((one) => one.append({ events: [event] })))
    return appended.map(([first]) => first!.record.recorded)
  }
  const both = () => [postgresDefinitionLog(pool), memory.definitions] as const
  const apply = (version: number) =>
    record('definition.applied', { definition: 'kpi/k', version, effective: '2026-01-01T00:00:00.000Z', content: {} })

  it('is what was applied, from a position on, and when business began: in PostgreSQL as in memory', async () => {
    for (const log of both()) expect([await log.read(0), await log.firstBusiness()]).toEqual([[], undefined])
    await apply(1)
    for (let i = 0; i < 40; i++) await record('queue.staffed', { queue: `q${i}`, members: [] })
    await record('account.recorded', { account: 'a', names: ['A'] })
    for (const log of both()) expect(await log.firstBusiness()).toBeUndefined()
    const began = await record('insight.shared', { subject: 'sales', report: 'win-loss' })
    await record('lead.captured', { lead: 'l' })
    await apply(2)
    for (let i = 0; i < 40; i++) await record('touchpoint.recorded', { visitor: `v${i}`, kind: 'page' })
    for (const [i, log] of both().entries()) {
      expect(await log.firstBusiness()).toBe(began[i])
      expect(await log.read(0)).toMatchObject([
        { topic: 'definitions', position: 1, version: 1, event: { data: { version: 1 } } },
        { topic: 'definitions', position: 2, version: 2, event: { data: { version: 2 } } },
      ])
      expect((await log.read(1)).map(({ position }) => position)).toEqual([2])
    }
  })

  it('is not to be had where the store cannot be reached', async () => {
    const nowhere = createPool('postgres://nobody@127.0.0.1:1/none', 'test', 1)
    await expect(postgresDefinitionLog(nowhere).read(0)).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    await nowhere.end()
  })
})
