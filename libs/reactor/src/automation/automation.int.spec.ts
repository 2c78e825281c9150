import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { always, defaultDefinitions, loadAllDefinitions } from '@funnel/definitions'
import { mintId, type Envelope } from '@funnel/events'
import type { EventStore } from '@funnel/event-store'
import type { Running } from '../start.js'
import { openStage, type Stage } from '../testing/stage.js'
import { automation } from './automation.js'
import { executor } from './execute.js'

const rules = loadAllDefinitions([defaultDefinitions])

describe('automation on PostgreSQL', () => {
  let stage: Stage
  let store: EventStore
  let running: Running
  beforeEach(async () => {
    stage = await openStage()
    ;({ store } = stage)
    running = stage.run(automation(rules), executor(store, always(rules)).execute)
    await until(() => running.trouble === undefined)
  })
  afterEach(() => stage.close())

  const until = async (condition: () => Promise<boolean> | boolean): Promise<void> => {
    for (const end = Date.now() + 20_000; !(await condition()); await sleep(20))
      if (Date.now() > end) throw new Error(`not within 20 s: ${stage.troubles()}`)
  }
  const tell = (type: string, key: string, data: object): Promise<unknown> => {
    const event: Envelope = {
      specversion: '1.0',
      id: mintId(),
      source: '/site',
      type,
      dataschema: `${type}:1`,
      time: new Date().toISOString(),
      partitionkey: key,
      data,
    }
    return store.append({ events: [event] })
  }
  const matches = async (person: string): Promise<unknown[]> =>
    (await store.read(`person-${person}`)).flatMap(({ event: { type, data } }) =>
      type === 'person.account-matched' ? [(data as { account: string }).account] : [],
    )
  /** So many characters, none of which stands twice: nothing that PostgreSQL could compress. */
  const name = (first: number, length: number): string =>
    String.fromCodePoint(...Array.from({ length }, (_, i) => first + ((i * 7919) % 10_000)))

  it('keeps what it was told of a company or domain with a name as long as an event may have', async () => {
    const [company, domain] = [name(0x4e00, 1000), name(0x5e00, 1000)]
    await tell('lead.captured', 'l', { lead: 'l', person: 'p', properties: { company, domain } })
    const kept = () => stage.pool.query(`select from reactor.state where key = 'lead:l'`)
    await until(async () => (await kept()).rowCount === 1)
  })

  it('matches people to a company with a name too long to be a key, whichever comes first', async () => {
    const company = name(0xac00, 200) // syllables, which count as three letters each
    await tell('lead.captured', 'l', { lead: 'l', person: 'p', properties: { company } })
    await tell('account.recorded', 'a', { account: 'a', company })
    await tell('lead.captured', 'm', { lead: 'm', person: 'q', properties: { company } })
    await until(async () => (await matches('p')).length > 0 && (await matches('q')).length > 0)
    expect([await matches('p'), await matches('q')]).toEqual([['a'], ['a']])
  })
})
