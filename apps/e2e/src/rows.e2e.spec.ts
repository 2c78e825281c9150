import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { mintId } from '@funnel/events'
import { Bucket, createCommandClient, type CommandClient, type Event } from '@funnel/query-api'
import { funnelWith, startPlatform, type Platform } from './platform.js'

const DAY = 86_400_000
const PATIENCE = 30_000

/** How many leads stand in the stage of accepted ones, which no KPI of the platform tells. */
const accepted = `id: spec-accepted
version: 1
name: Accepted
description: Leads that stand accepted.
owners: { marketing: Spec, sales: Spec }
approved: { marketing: Spec, sales: Spec }
unit: count
grain: lead
formula: { stock: { measure: lead.in-stage, where: { stage: sal } } }
`

const scans = `mapping: 1
source: trade-show
zone: UTC
inputs:
  - file: scans.csv
    key: '{{ badge }}'
    events:
      - type: touchpoint.recorded
        time: '{{ day }}'
        data: { visitor: '{{ person }}', kind: event, channel: event, campaign: '{{ show }}' }
      - type: visitor.identified
        time: '{{ day }}'
        data: { visitor: '{{ person }}', person: '{{ person }}' }
`

const reports = `mapping: 1
source: old-crm
zone: UTC
inputs:
  - file: reports.csv
    key: '{{ lead }}'
    events:
      - type: TYPE
        time: '{{ at }}'
        data: { lead: '{{ lead }}', stage: '{{ stage }}' }
`

describe('through every door', () => {
  let platform: Platform
  let folder: string
  let grpc: CommandClient
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'funnel-rows-'))
    mkdirSync(join(folder, 'kpis'))
    writeFileSync(join(folder, 'kpis', 'spec-accepted.yaml'), accepted)
    platform = await startPlatform({
      definitions: [fileURLToPath(new URL('../../../examples/demo/definitions', import.meta.url)), folder],
      automation: true,
    })
    grpc = createCommandClient(platform.commands, { token: platform.commandKey })
  }, 120_000)
  afterAll(async () => {
    grpc?.close()
    await platform?.stop()
    if (folder) rmSync(folder, { recursive: true, force: true })
  })

  const post = async (path: string, key: string, body: unknown) => {
    const response = await fetch(`${platform.ingest}${path}`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        authorization: `Bearer ${key}`,
        'idempotency-key': mintId(),
      },
      body: JSON.stringify(body),
    })
    return { status: response.status, body: (await response.json()) as Record<string, unknown> }
  }
  const tell = async (...events: { type: string; data: object; time?: string }[]) => {
    const { body } = await post('/v1/events', platform.writeKey, events)
    expect(body).toMatchObject({ accepted: events.length })
  }
  const command = (body: object) => post('/v1/commands', platform.commandKey, body)
  const done = async (body: object) => expect(await command(body)).toMatchObject({ status: 200 })
  /** Imports a CSV by a mapping; its report. */
  const imported = async (name: string, rows: readonly string[], mapping: string) => {
    writeFileSync(join(folder, `${name}.csv`), `${rows.join('\n')}\n`)
    writeFileSync(join(folder, `${name}.yaml`), mapping)
    const env = { FUNNEL_URL: platform.ingest, FUNNEL_WRITE_KEY: platform.writeKey, FUNNEL_DATA_DIR: folder }
    return funnelWith(env, 'import', join(folder, `${name}.csv`), '--mapping', join(folder, `${name}.yaml`))
  }
  const journey = async (lead: string): Promise<Event[]> =>
    (await platform.query.listJourney({ subject: { $case: 'lead', value: lead }, pageSize: 1000 })).events
  const typesOf = async (lead: string) => (await journey(lead)).map(({ type }) => type)
  const came = async (lead: string, type: string): Promise<Event> => {
    for (const end = Date.now() + PATIENCE; ; await sleep(100)) {
      const found = (await journey(lead)).find((event) => event.type === type)
      if (found) return found
      if (Date.now() > end) throw new Error(`no ${type} of ${lead} within ${PATIENCE / 1000} s`)
    }
  }
  const kpi = async (id: string, by?: string) => {
    const { answer } = await platform.query.queryKpi({ question: { kpi: id, by: by === undefined ? [] : [by] } })
    return Object.fromEntries(
      answer!.rows.map(({ dimensions, cell }) => [
        dimensions[0]?.value ?? 'all',
        cell?.value?.$case === 'noValue' ? null : cell?.value?.value,
      ]),
    )
  }
  const captured = (lead: string, data: object = {}) => ({ type: 'lead.captured', data: { lead, ...data } })

  it('row 2: a lead is not moved back, by HTTP, gRPC, import or rule, but by recycling it with a reason', async () => {
    const fits = { person: 'row-2', properties: { segment: 'small' } }
    await tell(captured('row-2', fits), captured('control', { ...fits, person: 'control' }))
    await done({ type: 'lead.advance', lead: 'row-2', stage: 'sql' })

    const back = { lead: 'row-2', stage: 'mql' }
    expect(await command({ type: 'lead.advance', ...back })).toMatchObject({ status: 422, body: { code: 'REJECTED' } })
    const overGrpc = (body: Parameters<CommandClient['execute']>[0]) =>
      grpc.execute({ idempotencyKey: mintId(), ...body })
    await expect(overGrpc({ command: { $case: 'leadAdvance', value: back } })).rejects.toMatchObject({
      code: 'REJECTED',
    })
    // a file cannot hold a decision
    const row = [`lead,stage,at`, `row-2,mql,${new Date().toISOString()}`]
    await expect(imported('reports', row, reports.replace('TYPE', 'lead.advanced'))).rejects.toThrow(/lead\.advanced/)
    // both meet the rule now; the one that is past its stage stays there
    await tell(
      { type: 'lead.engaged', data: { lead: 'row-2', kind: 'reply' } },
      { type: 'lead.engaged', data: { lead: 'control', kind: 'reply' } },
    )
    await came('control', 'lead.qualified')
    await platform.settled()
    expect(await typesOf('row-2')).toEqual(['lead.captured', 'lead.advanced', 'lead.engaged'])

    await expect(overGrpc({ command: { $case: 'leadRecycle', value: { ...back, reason: '' } } })).rejects.toMatchObject(
      { code: 'INVALID' },
    )
    await overGrpc({ command: { $case: 'leadRecycle', value: { ...back, reason: 'not-now' } } })
    expect(await came('row-2', 'lead.recycled')).toMatchObject({ dataJson: expect.stringContaining('not-now') })
  }, 120_000)

  it('row 2: what another system reports of an earlier stage is kept, counted as a recycle and flagged', async () => {
    await tell(captured('reported'))
    await done({ type: 'lead.advance', lead: 'reported', stage: 'sql' })
    const row = [`lead,stage,at`, `reported,mql,${new Date(Date.now() + 1000).toISOString()}`]
    await imported('reports', row, reports.replace('TYPE', 'lead.stage-entered'))
    await came('reported', 'lead.stage-entered')
    const { leads } = await platform.query.listLeads({ leads: ['reported'] })
    expect(leads[0]).toMatchObject({ stage: 'mql', flags: expect.arrayContaining(['recycled']) })
  }, 120_000)

  it('row 3: MQL → SAL → MQL → SAL → SQL is counted by its first, its last and every MQL in periods of their own', async () => {
    const month = (n: number) => `2024-0${n}-15T00:00:00.000Z`
    const entered = (stage: string, i: number) => ({
      type: 'lead.stage-entered',
      data: { lead: 'row-3', stage },
      time: month(i + 2),
    })
    await tell(
      { ...captured('row-3'), time: month(1) },
      ...['mql', 'sal', 'mql', 'sal', 'sql'].map((stage, i) => entered(stage, i)),
    )
    await platform.settled()
    const months = async (id: string) => {
      const { answer } = await platform.query.queryKpi({
        question: {
          kpi: id,
          bucket: Bucket.BUCKET_MONTH,
          from: new Date('2024-01-01'),
          to: new Date('2025-01-01'),
          filters: [{ dimension: 'stage', values: ['mql'] }],
        },
      })
      return answer!.rows.map(({ bucketStart, cell }) => [bucketStart!.getUTCMonth() + 1, cell?.value?.value])
    }
    expect(await months('mqls')).toEqual([[2, 1]])
    expect(await months('mqls-last')).toEqual([[4, 1]])
    expect(await months('stage-entries')).toEqual([
      [2, 1],
      [4, 1],
    ])
  }, 120_000)

  it('row 4: one person with two attempts is one more of the people and two more of the leads', async () => {
    const counts = async () => {
      await platform.settled()
      const [{ all: people = 0 }, { all: leads = 0 }] = [await kpi('people'), await kpi('leads')]
      return [Number(people), Number(leads)] as const
    }
    const [people, leads] = await counts()
    await tell(captured('row-4-first', { person: 'row-4' }), captured('row-4-second', { person: 'row-4' }))
    expect(await counts()).toEqual([people + 1, leads + 2])
  }, 120_000)

  it('row 33: a CSV of trade-show scans back-dated 20 days enters journeys at its date', async () => {
    const now = Date.now()
    const day = (ago: number) => new Date(now - ago * DAY).toISOString()
    await tell(
      { type: 'touchpoint.recorded', data: { visitor: 'v-33', kind: 'page', channel: 'direct' }, time: day(30) },
      { type: 'visitor.identified', data: { visitor: 'v-33', person: 'row-33' }, time: day(10) },
      { ...captured('row-33', { person: 'row-33' }), time: day(10) },
    )
    const shown = day(20).slice(0, 10)
    await imported('scans', ['badge,person,show,day', `1,row-33,ops-summit,${shown}`], scans)
    await platform.settled()
    const events = await journey('row-33')
    expect(events.map(({ type, source }) => `${type} ${source}`)).toEqual([
      'touchpoint.recorded e2e',
      'touchpoint.recorded trade-show',
      'visitor.identified trade-show',
      'visitor.identified e2e',
      'lead.captured e2e',
    ])
    expect(events[1]!.occurredAt).toEqual(new Date(`${shown}T00:00:00Z`))
    expect(events[1]!.recordedAt!.getTime()).toBeGreaterThanOrEqual(now)
  }, 120_000)

  it('row 14: acceptance stays with who accepted, the lead goes to its new owner', async () => {
    const offer = { type: 'handoff.offer', deadline: new Date(Date.now() + DAY).toISOString(), assignee: 'novak' }
    await tell(captured('row-14'))
    await done({ ...offer, lead: 'row-14', handoff: 'h' })
    await done({ type: 'handoff.accept', lead: 'row-14', handoff: 'h', owner: 'novak' })
    await platform.settled()
    const before = { rate: await kpi('acceptance-rate', 'owner'), standing: await kpi('spec-accepted', 'owner') }
    expect(before).toMatchObject({ rate: { novak: 1 }, standing: { novak: 1 } })
    await done({ type: 'lead.assign', lead: 'row-14', owner: 'silva' })
    await platform.settled()
    expect(await kpi('acceptance-rate', 'owner')).toEqual(before.rate)
    expect(await kpi('spec-accepted', 'owner')).toMatchObject({ silva: 1 })
    expect((await kpi('spec-accepted', 'owner'))['novak'] ?? 0).toBe(0)
  }, 120_000)

  it('row 10: a rejection raises a feedback event, and the source has accepted / (accepted + rejected + expired)', async () => {
    const soon = () => new Date(Date.now() + 2000).toISOString()
    const later = new Date(Date.now() + DAY).toISOString()
    const leads = ['accepted', 'rejected', 'expired', 'open'].map((end) => `row-10-${end}`)
    for (const lead of leads) {
      await tell(
        { type: 'touchpoint.recorded', data: { visitor: lead, kind: 'page', channel: 'partner', campaign: 'row-10' } },
        { type: 'visitor.identified', data: { visitor: lead, person: lead } },
        captured(lead, { person: lead }),
      )
      const deadline = lead.endsWith('expired') ? soon() : later
      await done({ type: 'handoff.offer', lead, handoff: 'h', assignee: 'tanaka', deadline, fallback: 'silva' })
    }
    await done({ type: 'handoff.accept', lead: leads[0], handoff: 'h', owner: 'tanaka' })
    await done({ type: 'handoff.reject', lead: leads[1], handoff: 'h', reason: 'bad-data' })
    const feedback = await came(leads[1]!, 'handoff.feedback-raised')
    expect(JSON.parse(feedback.dataJson)).toMatchObject({ reason: 'bad-data', channel: 'partner', campaign: 'row-10' })
    // row 9: unanswered it expires, and goes to the fallback owner
    await came(leads[2]!, 'handoff.expired')
    expect(JSON.parse((await came(leads[2]!, 'lead.assigned')).dataJson)).toMatchObject({ owner: 'silva' })
    await platform.settled()
    expect((await kpi('acceptance-rate', 'campaign'))['row-10']).toBeCloseTo(1 / 3, 12)
  }, 120_000)

  it('row 13: a conversion that is reversed leaves the journey and every KPI as they were', async () => {
    await tell(captured('row-13', { person: 'row-13' }))
    await done({ type: 'lead.advance', lead: 'row-13', stage: 'sql' })
    await platform.settled()
    const { kpis } = await platform.query.listKpis()
    const numbers = async () => Promise.all(kpis.map(async ({ id }) => [id, await kpi(id)]))
    const before = { journey: await journey('row-13'), numbers: await numbers() }
    await done({ type: 'lead.convert', lead: 'row-13' })
    await platform.settled()
    expect(await numbers()).not.toEqual(before.numbers)
    await done({ type: 'lead.reverse-conversion', lead: 'row-13', reason: 'by-mistake' })
    await platform.settled()
    expect(await numbers()).toEqual(before.numbers)
    const after = await journey('row-13')
    expect(after.slice(0, before.journey.length)).toEqual(before.journey)
    expect(after.slice(before.journey.length).map(({ type }) => type)).toEqual([
      'lead.converted',
      'lead.conversion-reversed',
    ])
  }, 120_000)
})
