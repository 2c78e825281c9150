import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import type pg from 'pg'
import { always } from '@funnel/definitions'
import { mintId, type Envelope, type FunnelEvent, type Recorded } from '@funnel/events'
import type { EventStore } from '@funnel/event-store'
import type { Running } from '../start.js'
import { openStage, type Stage } from '../testing/stage.js'
import { slaExecutor } from './execute.js'
import { slaMonitor } from './monitor.js'
import { answer, rulesWith } from './testing/world.js'

const SECOND = 1000
/** Due two seconds after a message. */
const rules = rulesWith(
  answer({
    terms: [{ target: '2s', warnings: [{ before: '1s' }], escalations: [{ after: '0s', reassign: 'mona' }] }],
  }),
)
const PATIENCE = 90 * SECOND

describe('monitors on PostgreSQL', () => {
  let stage: Stage
  let store: EventStore
  let pool: pg.Pool
  beforeEach(async () => {
    stage = await openStage()
    ;({ store, pool } = stage)
  })
  afterEach(() => stage.close())

  /** A monitor; `dies` is asked after each command that it recorded, before it saves that. */
  const start = (dies: () => boolean = () => false): Running => {
    const execute = slaExecutor(store, always(rules))
    return stage.run(slaMonitor(rules), async (intent) => {
      const outcome = await execute(intent)
      if (dies()) throw new Error('killed between command and save')
      return outcome
    })
  }
  const until = async (what: string, condition: () => Promise<boolean> | boolean): Promise<void> => {
    for (const end = Date.now() + PATIENCE; !(await condition()); await sleep(20))
      if (Date.now() > end) throw new Error(`not in time: ${what}; ${stage.troubles()}`)
  }
  const started = async (dies?: () => boolean): Promise<Running> => {
    const one = start(dies)
    await until('active', () => one.trouble === undefined)
    return one
  }
  const event = (lead: string, kind: string, more: Partial<Envelope> = {}): Envelope => ({
    specversion: '1.0',
    id: mintId(),
    source: '/crm',
    type: 'lead.engaged',
    dataschema: 'lead.engaged:1',
    time: new Date().toISOString(),
    partitionkey: lead,
    data: { lead, kind },
    ...more,
  })
  const tell = (...events: Envelope[]): Promise<unknown> => store.append({ events })
  const said = async (lead: string): Promise<readonly Recorded<FunnelEvent>[]> =>
    (await store.read(`sla-${lead}`)) as readonly Recorded<FunnelEvent>[]
  const told = async (lead: string) => (await said(lead)).map(({ event: { type } }) => type.slice('sla.'.length))
  const saidOfAll = async (type: string): Promise<number> => {
    const { rows } = await pool.query<{ n: number }>('select count(*)::int n from store.event where type = $1', [type])
    return rows[0]!.n
  }

  it(
    'rows 23 and 24: two of them, killed time and again around the deadlines: none early, none twice, none lost',
    async () => {
      const leads = Array.from({ length: 150 }, (_, i) => `l${i}`)
      const isAnswered = (i: number) => i % 3 === 0
      let commands = 0
      let deaths = 0
      // not for ever: a batch may hold all of them
      const dies = () => ++commands % 40 === 0 && deaths < 20 && (deaths++, true)
      await started(dies)
      start(dies)
      for (const [i, lead] of leads.entries()) {
        await tell(event(lead, 'message'))
        if (isAnswered(i)) await tell(event(lead, 'call'))
      }
      const first = stage.running[0]!
      await until('a first breach', async () => (await saidOfAll('sla.breached')) > 0)
      await first.close()
      start(dies)
      await until('every breach', async () => (await saidOfAll('lead.assigned')) === 100)
      await until('whose they are then', async () => (await saidOfAll('sla.changed')) === 100)
      expect(deaths).toBeGreaterThan(5)
      for (const [i, lead] of leads.entries()) {
        const expected = isAnswered(i) ? ['started', 'met'] : ['started', 'warned', 'breached', 'escalated', 'changed']
        expect(await told(lead)).toEqual(expected)
        for (const { event, recorded } of await said(lead))
          if (event.type === 'sla.breached') expect(recorded).toBeGreaterThanOrEqual(Date.parse(event.data.due))
      }
    },
    2 * PATIENCE,
  )

  it(
    'row 24: an answer that was still queued in the log when it was due is no breach, and one that came later is late',
    async () => {
      const first = await started()
      await tell(event('queued', 'message'), event('late', 'message'))
      await until('both started', async () => (await saidOfAll('sla.started')) === 2)
      await first.close()
      await tell(event('queued', 'call'))
      await until('due', async () => {
        const [{ event: start } = { event: undefined }] = await said('late')
        return start !== undefined && Date.now() > Date.parse((start.data as { due: string }).due) + 6 * SECOND
      })
      await tell(event('late', 'call'))
      await started()
      await until('both ended', async () => (await told('late')).includes('ended') && (await told('queued')).length > 1)
      expect(await told('queued')).toEqual(['started', 'met'])
      expect(await told('late')).toEqual(['started', 'warned', 'breached', 'escalated', 'ended'])
    },
    2 * PATIENCE,
  )

  it(
    'what is imported is historical on every event, and nobody gets the lead for it',
    async () => {
      await started()
      const then = (ms: number) => ({
        importid: 'i',
        time: new Date(Date.now() - 90 * 86_400 * SECOND + ms).toISOString(),
      })
      await tell(
        event('old', 'message', then(0)),
        event('open', 'message', then(0)),
        event('old', 'call', then(SECOND)),
      )
      await tell(event('new', 'message'))
      await until('the new one escalated', async () => (await told('new')).includes('escalated'))
      expect(await told('old')).toEqual(['started', 'met'])
      expect(await told('open')).toEqual(['started'])
      for (const lead of ['old', 'open'])
        for (const { event } of await said(lead)) expect(event.data).toHaveProperty('historical', true)
      await until('it has another owner', async () => (await saidOfAll('lead.assigned')) === 1)
      expect((await said('new'))[0]!.event.data).not.toHaveProperty('historical')
    },
    2 * PATIENCE,
  )
})
