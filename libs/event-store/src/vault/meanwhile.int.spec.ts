import { afterAll, beforeAll, expect, describe, it } from '@jest/globals'
import { personDecider, personStreams, type Decided, type Decider, type PersonCommand } from '@funnel/domain'
import { addressOf, mintId, typeOf, type FunnelEvent } from '@funnel/events'
import { testDatabase, type TestDatabase } from '@funnel/testing'
import { handle } from '../command-handler.js'
import type { EventStore } from '../event-store.js'
import { migrateStore } from '../migrations/index.js'
import { openEventStore } from '../postgres/postgres-event-store.js'
import { decidedMeanwhile } from './meanwhile.js'

const willing: Decider<Decided, undefined> = {
  initialState: undefined,
  decide: (decided) => [decided],
  evolve: () => undefined,
}

describe('what was decided while two ids were one person', () => {
  let database: TestDatabase
  let store: EventStore
  let commands = 0
  beforeAll(async () => {
    database = await testDatabase()
    await migrateStore(database.url)
    store = await openEventStore({ url: database.url })
  })
  afterAll(async () => {
    await store?.close()
    await database?.drop()
  })

  const tell = async (type: FunnelEvent['type'], data: Record<string, unknown>): Promise<string> => {
    const id = mintId()
    const partitionkey = data[typeOf(type)!.key] as string
    const time = new Date().toISOString()
    await store.append({
      events: [{ specversion: '1.0', id, source: '/site', type, dataschema: `${type}:1`, time, partitionkey, data }],
    })
    return id
  }
  const asking = (actor?: string, cause?: string) => ({
    source: '/test',
    key: `c${commands++}`,
    ...(actor !== undefined && { actor }),
    ...(cause !== undefined && { cause: { id: cause } }),
  })
  const ofPerson = (command: PersonCommand) =>
    handle(store, { decider: personDecider, command, streams: personStreams(command), ...asking() })
  /** Has a decision recorded, whatever went before. */
  const decide = async (decided: Decided, actor?: string, cause?: string): Promise<string> => {
    const { category, key } = typeOf(decided.type)!
    const streams = [addressOf(category, (decided.data as Record<string, unknown>)[key] as string).stream]
    const { events } = await handle(store, { decider: willing, command: decided, streams, ...asking(actor, cause) })
    return events[0]!.event.id
  }
  const assign = (lead: string, owner: string, actor?: string) =>
    decide({ type: 'lead.assigned', data: { lead, owner } }, actor)

  it('is told with what rests on both, and is what an un-merge leaves', async () => {
    await tell('lead.captured', { lead: 'a1', person: 'a' })
    await tell('lead.captured', { lead: 'b1', person: 'b' })
    await tell('lead.captured', { lead: 'c1', person: 'c' })
    await tell('visitor.identified', { visitor: 'v', person: 'b' })
    await tell('lead.captured', { lead: 'b2', visitor: 'v' })
    await assign('a1', 'before')
    expect(await decidedMeanwhile(database.url, 'b')).toBeUndefined()

    await ofPerson({ type: 'person.merge', person: 'a', absorbed: 'b' })
    expect(await decidedMeanwhile(database.url, 'b')).toMatchObject({ absorbed: 'b', into: 'a', decisions: [] })
    expect(await decidedMeanwhile(database.url, 'a')).toBeUndefined()
    const form = await tell('touchpoint.recorded', { visitor: 'v', kind: 'form' })
    const qualified = await decide(
      { type: 'lead.qualified', data: { lead: 'a1', stage: 'mql', rule: 'mql', ruleVersion: 1, because: [form] } },
      undefined,
      form,
    )
    const offered = { lead: 'a1', handoff: 'h', queue: 'q', deadline: '2099-01-01T00:00:00.000Z' }
    await decide({ type: 'handoff.offered', data: offered }, undefined, qualified)
    await assign('b2', 'sam', 'mara')
    await assign('c1', 'sam')
    // a deal that names nobody is whose lead it is
    await tell('deal.opened', { deal: 'd', lead: 'b1' })
    await decide({ type: 'deal.assigned', data: { deal: 'd', owner: 'sam' } })

    const { decisions } = (await decidedMeanwhile(database.url, 'b'))!
    expect(decisions.map(({ type, stream, of, restsOnBoth, actor }) => [type, stream, of, restsOnBoth, actor])).toEqual(
      [
        ['lead.qualified', 'lead-a1', 'others', true, undefined],
        ['handoff.offered', 'lead-a1', 'others', true, undefined],
        ['lead.assigned', 'lead-b2', 'absorbed', false, 'mara'],
        ['deal.assigned', 'deal-d', 'absorbed', false, undefined],
      ],
    )

    await ofPerson({ type: 'person.unmerge', person: 'a', absorbed: 'b' })
    expect(await decidedMeanwhile(database.url, 'b')).toBeUndefined()
    expect((await store.read('lead-a1')).map(({ event }) => event.type)).toContain('lead.qualified')
  })

  it('is told of whom an id had absorbed as of itself, and of all others of the person as of others', async () => {
    for (const person of ['root', 'mid', 'leaf', 'other']) await tell('lead.captured', { lead: `l-${person}`, person })
    await ofPerson({ type: 'person.merge', person: 'mid', absorbed: 'leaf' })
    await ofPerson({ type: 'person.merge', person: 'root', absorbed: 'other' })
    await ofPerson({ type: 'person.merge', person: 'root', absorbed: 'mid' })
    for (const person of ['leaf', 'other']) await assign(`l-${person}`, 'sam')
    const found = await decidedMeanwhile(database.url, 'mid')
    expect(found).toMatchObject({ into: 'root' })
    expect(found!.decisions.map(({ stream, of }) => [stream, of])).toEqual([
      ['lead-l-leaf', 'absorbed'],
      ['lead-l-other', 'others'],
    ])
  })
})
