import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import pg from 'pg'
import { mintId } from '@funnel/events'
import { demo, funnelWith, startPlatform, type Platform } from './platform.js'
import { startReceiver, type Receiver } from './receiver.js'

/** Whatever of this person is found after the erasure is a leak. */
const planted = {
  email: 'Planted.Person@Example.com',
  phone: '+49 170 7654321',
  name: 'Planted Person',
  city: 'Plantedtown',
}
/** Tables of every service that keeps any; all of them have rows in what is told here. */
const written = [
  'store.event',
  'store.rejected_event',
  'vault.profile',
  'reactor.reactor',
  'reactor.state',
  'reactor.timer',
  'notify.delivery',
]
const traces = /planted|7654321|765.?43.?21/i

describe('A person who is erased (rows 77 and N12)', () => {
  let platform: Platform
  let pool: pg.Pool
  let folder: string
  let receiver: Receiver
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'funnel-erasure-'))
    receiver = await startReceiver(folder)
    platform = await startPlatform({
      logLevel: 'trace',
      automation: true,
      definitions: [demo, receiver.definitions],
      destinations: receiver.destinations,
    })
    pool = new pg.Pool({ connectionString: platform.databaseUrl, max: 2 })
  }, 180_000)
  afterAll(async () => {
    await pool?.end()
    await platform?.stop()
    await receiver?.close()
    await rm(folder, { recursive: true })
  })

  const post = async (path: string, body: unknown, headers: Record<string, string>) => {
    const response = await fetch(`${platform.ingest}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    })
    return (await response.json()) as Record<string, unknown>
  }
  const send = (...events: object[]) =>
    post('/v1/events', events, { authorization: `Bearer ${platform.writeKey}` }) as Promise<{
      events: { outcome: string; id?: string }[]
    }>
  const give = (command: object) =>
    post('/v1/commands', command, { authorization: `Bearer ${platform.commandKey}`, 'idempotency-key': mintId() })
  const funnel = (...args: string[]) =>
    funnelWith(
      { DATABASE_URL: platform.databaseUrl, FUNNEL_URL: platform.ingest, FUNNEL_COMMAND_KEY: platform.commandKey },
      ...args,
    )

  /** The life of a lead, from the first touch to the won deal, told with personal data wherever that is possible. */
  const life = (n: number, personal: object | undefined) => {
    const time = `2026-01-0${n}T10:00:00Z`
    const told = personal && { personal }
    const about = { lead: `lead-${n}`, properties: { origin: n % 2 ? 'webinar' : 'fair' } }
    const money = { minor: 100_00 * n, currency: 'EUR' }
    return [
      { id: `touch-${n}`, type: 'touchpoint.recorded', time, data: { visitor: `v-${n}`, kind: 'form' }, ...told },
      { id: `known-${n}`, type: 'visitor.identified', time, data: { visitor: `v-${n}` }, ...told },
      { id: `lead-${n}`, type: 'lead.captured', time, data: about, ...told },
      { id: `stage-${n}`, type: 'lead.stage-entered', time, data: { lead: `lead-${n}`, stage: 'mql' } },
      {
        id: `deal-${n}`,
        type: 'deal.opened',
        time,
        data: { deal: `d-${n}`, lead: `lead-${n}`, amount: money },
        ...told,
      },
      { id: `won-${n}`, type: 'deal.won', time, data: { deal: `d-${n}`, amount: money } },
      { id: `consent-${n}`, type: 'person.consent-recorded', time, data: { purposes: { mail: true } }, ...told },
    ]
  }

  /** Brings in a lead of the person, as a file of another tool tells it, by this road. Gives what was shown. */
  const imported = async (lead: string, ...road: string[]) => {
    const [csv, mapping] = [join(folder, `${lead}.csv`), join(folder, 'map.yaml')]
    await writeFile(csv, `id,mail,who\n${lead},${planted.email},${planted.name}\n`)
    await writeFile(
      mapping,
      `mapping: 1
source: crm
inputs:
  - file: '*.csv'
    key: '{{ id }}'
    events:
      - type: lead.captured
        time: '2025-12-01'
        data: { lead: '{{ id }}' }
        personal: { email: '{{ mail }}', name: '{{ who }}' }
`,
    )
    return funnel('import', csv, '--mapping', mapping, ...road)
  }

  const kpis = async () => {
    const names = ['leads', 'touches', 'mqls', 'deals-won', 'won-revenue', 'lead-to-won', 'lead-cycle-median']
    const answers = await Promise.all(
      names.map(async (kpi) => (await platform.query.queryKpi({ question: { kpi } })).answer?.rows),
    )
    return Object.fromEntries(names.map((name, i) => [name, JSON.stringify(answers[i])]))
  }
  /** Count and hashes of all entries. */
  const journal = async () => {
    const { rows: live } = await pool.query<{ schema: string }>(
      `select schema from read.generation where state = 'live'`,
    )
    const { rows } = await pool.query<{ print: string }>(
      `select concat_ws(':', count(*), sum(hashtextextended(t::text, 1)::numeric)) as print from ${live[0]!.schema}.entry t`,
    )
    return rows[0]!.print
  }
  /** Offers the lead to sales, and waits until it was told that nobody took it, and all that follows is recorded. */
  const offered = async (lead: string) => {
    expect(await give({ type: 'lead.advance', lead, stage: 'mql' })).toMatchObject({
      events: [{ type: 'lead.advanced' }],
    })
    const recorded = async () =>
      Number((await pool.query<{ n: string }>('select count(*) n from store.event')).rows[0]!.n)
    for (const end = Date.now() + 60_000; ;) {
      const before = await recorded()
      await sleep(2000)
      if (receiver.received.some((body) => body.includes(lead)) && (await recorded()) === before) return
      if (Date.now() > end) throw new Error(`nobody was told of ${lead} within a minute`)
    }
  }
  /** Rows of all tables in all schemas that hold a trace, as text or as bytes. */
  const leaks = async () => {
    const { rows: tables } = await pool.query<{ name: string }>(
      `select format('%I.%I', n.nspname, c.relname) as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
       where c.relkind in ('r', 'm', 'p') and n.nspname not in ('pg_catalog', 'information_schema') and n.nspname not like 'pg_toast%'`,
    )
    const found: string[] = []
    const filled = new Set<string>()
    for (const { name } of tables) {
      const { rows } = await pool.query<{ row: string }>(`select t::text as row from ${name} t`)
      if (rows.length) filled.add(name)
      for (const { row } of rows) {
        const bytes = (row.match(/\\\\?x([0-9a-f]{8,})/g) ?? []).map((hex) =>
          Buffer.from(hex.replace(/^\\+x/, ''), 'hex').toString('latin1'),
        )
        if ([row, ...bytes].some((text) => traces.test(text))) found.push(`${name}: ${row}`)
      }
    }
    expect([...filled]).toEqual(expect.arrayContaining(written))
    return found
  }

  it('leaves no trace in any table, stream or log, and changes no number, however often it is told of again', async () => {
    const { events } = await send(...life(1, planted), ...life(2, { email: 'other@example.com', name: 'Other' }))
    expect(events.filter(({ outcome }) => outcome !== 'accepted')).toEqual([])
    await send(...[3, 4, 5].flatMap((n) => life(n, { email: `p${n}@example.com` })))
    const door = await imported('lead-6', '--url', platform.ingest, '--key', platform.writeKey)
    const direct = await imported('lead-7', '--direct', '--database-url', platform.databaseUrl)
    for (const shown of [door, direct]) {
      expect(shown).toMatch(/lead\.captured +1 recorded/)
      expect(shown).not.toMatch(traces)
    }
    // refused in several ways, with the person in it
    await send(
      { type: 'lead.captured', data: { lead: 'x', properties: { email: planted.email } } },
      { ...life(1, planted)[2], id: 'refused-1', time: 'yesterday' },
      { type: 'no.such', text: `Planted words about ${planted.phone}` },
      { ...life(1, planted)[2], data: { lead: 'lead-1', owner: 'somebody-else' } },
    )
    const lost = { type: 'lead.disqualify', lead: 'lead-1', reason: 'other', note: 'Planted words about the person.' }
    expect(await give(lost)).toMatchObject({ events: [{ type: 'lead.disqualified' }] })
    const { rows } = await pool.query<{ person: string }>(
      `select envelope #>> '{data,person}' as person from store.event where stream = 'lead-lead-1' and version = 1`,
    )
    const { person } = rows[0]!
    await offered('lead-7')
    await platform.settled()
    const [before, journalBefore] = [await kpis(), await journal()]
    expect((await leaks()).length).toBeGreaterThan(4)
    const exported = JSON.parse(await funnel('export-person', planted.email, '--json')) as {
      events: object[]
      notes: object[]
    }
    expect(exported).toMatchObject({
      profiles: [{ person, data: planted }],
      notes: [{ stream: 'lead-lead-1', text: lost.note }],
      consent: { mail: { given: true } },
    })
    expect(exported.events).toHaveLength(12)

    expect(await funnel('erase', planted.email.toLowerCase())).toContain(`erased ${person}`)

    const after = async () => {
      await platform.settled()
      expect(await leaks()).toEqual([])
      expect(await kpis()).toEqual(before)
      expect(await journal()).toBe(journalBefore)
    }
    await after()
    // told of again: what was recorded is a duplicate, what would tell who it is is refused, and nothing is kept
    const again = await send(...life(1, planted))
    expect(new Set(again.events.map(({ outcome }) => outcome))).toEqual(new Set(['duplicate']))
    const anew = { type: 'visitor.identified', id: 'known-anew', data: { visitor: 'v-1' }, personal: planted }
    expect(await send(anew)).toMatchObject({ rejected: 1 })
    expect(await funnel('erase', person)).toContain('was erased before')
    await after()
    expect(JSON.parse(await funnel('export-person', person, '--json'))).toMatchObject({ profiles: [], notes: [] })

    // the numbers can be proved as before, by a rebuild of the whole log
    expect(JSON.parse(await funnel('verify', '--json'))).toMatchObject({ ok: true, differences: [] })
    for (const service of platform.services) expect(service.log()).not.toMatch(traces)
    expect(receiver.received.join()).not.toMatch(traces)
    // the others are as they were
    expect(await pool.query(`select from vault.profile`)).toMatchObject({ rowCount: 4 })
  }, 180_000)
})
