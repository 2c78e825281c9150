import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type { KpiQuestion } from '@funnel/query-api'
import { root } from './fences.js'
import { funnelWith, startPlatform, type Platform } from './platform.js'

const DAY = 86_400_000
const shipped = (file: string) => readFileSync(join(root, 'definitions', file), 'utf8')

describe('a rule that is changed on a day (row 8), through the real system', () => {
  let platform: Platform
  let folder: string
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'funnel-versions-'))
    platform = await startPlatform()
  }, 120_000)
  afterAll(async () => {
    await platform?.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  const tell = async (time: number, ...events: { type: string; data: object }[]) => {
    const response = await fetch(`${platform.ingest}/v1/events`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${platform.writeKey}` },
      body: JSON.stringify(events.map((event, i) => ({ ...event, time: new Date(time + i).toISOString() }))),
    })
    expect(await response.json()).toMatchObject({ accepted: events.length })
  }
  const captured = (lead: string) => ({ type: 'lead.captured', data: { lead } })
  const entered = (lead: string, stage: string) => ({ type: 'lead.stage-entered', data: { lead, stage } })
  const ask = async (question: Partial<KpiQuestion> & { kpi: string }) => {
    const { answer } = await platform.query.queryKpi({ question })
    const value = answer!.rows[0]!.cell!.value
    return { count: value?.$case === 'count' ? value.value : undefined, answer: answer! }
  }
  const funnel = (...args: string[]) =>
    funnelWith(
      { DATABASE_URL: platform.databaseUrl, FUNNEL_DEFINITIONS: folder, FUNNEL_DATA_DIR: join(folder, 'none-runs') },
      ...args,
    )

  it('leaves the KPI of thirty days before as it was, counts anew by the other one, and answers by either', async () => {
    const before = Date.now() - 30 * DAY
    await tell(before, captured('l1'), entered('l1', 'sal'), entered('l1', 'mql'), entered('l1', 'sql'))

    // a lead may go from sales back to marketing: that is no step back any more; and leads are counted by the stages they enter
    mkdirSync(join(folder, 'kpis'))
    const [mql, sal] = shipped('funnel.yaml').match(/^ {2}- \{ id: (?:mql|sal),.*$/gm)!
    const swapped = shipped('funnel.yaml').replace(`${mql}\n${sal}`, `${sal}\n${mql}`)
    writeFileSync(join(folder, 'funnel.yaml'), swapped.replace('version: 1', 'version: 2'))
    const leads = shipped('kpis/leads.yaml')
      .replace('lead.captured', 'stage.entered')
      .replace('version: 1', 'version: 2')
    writeFileSync(join(folder, 'kpis', 'leads.yaml'), leads)
    expect(await funnel('definitions', 'apply')).toContain('funnel/funnel  version 2')
    await sleep(10)
    const after = Date.now()
    await tell(after, captured('l2'), entered('l2', 'sal'), entered('l2', 'mql'), entered('l2', 'sal'))
    await platform.settled()

    const told = async () => {
      const period = { to: new Date(before + DAY) }
      const by = async (definitionVersion: number) => (await ask({ kpi: 'leads', ...period, definitionVersion })).count
      const { used } = (await ask({ kpi: 'recycled' })).answer
      return {
        recycledBefore: (await ask({ kpi: 'recycled', ...period })).count,
        recycledAfter: (await ask({ kpi: 'recycled', from: new Date(after) })).count,
        used: used.map(({ definition, version }) => `${definition}@${version}`),
        inForce: (await ask({ kpi: 'leads' })).answer.definition!.version,
        leadsBefore: [await by(1), await by(2)],
      }
    }
    /** An answer may be a tenth of a second old. */
    const toldAtLast = async () => {
      for (const end = Date.now() + 10_000; !isDeepStrictEqual(await told(), expected) && Date.now() < end;)
        await sleep(50)
      return told()
    }
    const expected = {
      // sal → mql by the first order; mql → sal by the second, sal → mql not
      recycledBefore: 1,
      recycledAfter: 1,
      used: ['funnel/funnel@1', 'funnel/funnel@2'],
      inForce: 2,
      leadsBefore: [1, 3],
    }
    expect(await toldAtLast()).toEqual(expected)
    expect((await platform.query.getStatus()).live!.id).toBe(1)

    // a process that begins again, and a rebuild by whoever has the new files, change nothing of it
    platform.services[2]!.kill('SIGKILL')
    await platform.settled()
    expect(await toldAtLast()).toEqual(expected)
    await funnel('rebuild')
    await platform.settled()
    expect((await platform.query.getStatus()).live!.id).toBe(2)
    expect(await toldAtLast()).toEqual(expected)
    expect(JSON.parse(await funnel('verify', '--json'))).toMatchObject({ ok: true, differences: [] })
  }, 120_000)

  it('is what the very next command is decided by', async () => {
    await tell(Date.now(), captured('l3'))
    const disqualify = async () => {
      const response = await fetch(`${platform.ingest}/v1/commands`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          authorization: `Bearer ${platform.commandKey}`,
          'idempotency-key': 'disqualify-l3',
        },
        body: JSON.stringify({ type: 'lead.disqualify', lead: 'l3', reason: 'ghosted' }),
      })
      return { status: response.status, answer: await response.json() }
    }
    expect(await disqualify()).toMatchObject({ status: 400, answer: { field: 'reason' } })
    mkdirSync(join(folder, 'reasons'))
    const reasons = shipped('reasons/disqualified.yaml').replace('version: 1', 'version: 2')
    writeFileSync(
      join(folder, 'reasons', 'disqualified.yaml'),
      `${reasons}  - { id: ghosted, name: Does not answer }\n`,
    )
    expect(await funnel('definitions', 'apply')).toContain('reasons/disqualified  version 2')
    expect(await disqualify()).toMatchObject({ status: 200, answer: { events: [{ type: 'lead.disqualified' }] } })
  }, 30_000)
})
