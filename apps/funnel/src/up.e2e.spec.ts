import { once } from 'node:events'
import { createServer } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { statOf } from '@funnel/platform/host'
import { commandLine, leads, until, type CommandLine, type Foreground } from './testing/command-line.js'

interface Status {
  readonly ok: boolean
  readonly demo: boolean
  readonly pid: number
  readonly services: readonly {
    readonly name: string
    readonly state: string
    readonly pid: number
    readonly restarts: number
  }[]
}

let cli: CommandLine
const funnel: CommandLine['run'] = (...args) => cli.run(...args)
/** For each test: a busy machine starts a dozen processes slowly. */
const PATIENCE = 150_000
/** Its sales answers when it is at work: begun on a Friday evening the demo lives through a weekend first, in four minutes. */
const WEEKEND = 300_000

const alive = (pid: number): boolean => (statOf(pid)?.[0] ?? 'Z') !== 'Z'
const pidsOf = ({ pid, services }: Status) => [pid, ...services.map(({ pid }) => pid)]

describe('funnel up', () => {
  beforeAll(async () => {
    cli = await commandLine()
  }, PATIENCE)
  afterAll(() => cli.close(), PATIENCE)

  it(
    'says what to do when nothing runs',
    async () => {
      const { code, stderr, stdout } = await funnel('kpi', 'leads')
      expect({ code, stdout }).toEqual({ code: 4, stdout: '' })
      expect(stderr).toContain('npm start')
    },
    PATIENCE,
  )

  let up: Foreground
  let known = 0

  it(
    'brings a demo into KPIs that verify',
    async () => {
      up = await cli.start().ready()
      const status = await cli.json<Status>('status')
      expect(status.ok).toBe(true)
      expect(status.services.map(({ name }) => name)).toEqual([
        'ingest',
        'relay',
        'automation',
        'sla-monitor',
        'projector',
        'query',
        'postgres',
      ])

      known = await until(
        'leads',
        () => leads(cli),
        (count) => count > 500,
      )
      const { answer } = await cli.json<{ answer: { rows: { cell: { ratio?: number } }[] } }>(
        'kpi',
        'win-rate',
        '--by',
        'channel',
      )
      expect(answer.rows.length).toBeGreaterThan(3)
      const table = await funnel('kpi', 'win-rate', '--by', 'channel')
      expect(table.stdout).toMatch(/organic_search +\d+\.\d{3} %/)
      expect(table.stderr).toMatch(/win-rate@1 · complete to .* · provisional/)

      const verified = await funnel('verify', '--json')
      expect(verified.code).toBe(0)
      expect(JSON.parse(verified.stdout)).toMatchObject({ ok: true, differences: [] })
    },
    PATIENCE,
  )

  it(
    'has a past that became known day by day, says until when it was made up, and lives on: sales goes on to answer',
    async () => {
      const { simulatedUntil } = await cli.json<{ simulatedUntil: string }>('status')
      expect(Date.now() - Date.parse(simulatedUntil)).toBeLessThan(3_600_000 * 12)
      const before = await cli.json<{ answer: { rows: { cell: { count?: number } }[] } }>(
        'kpi',
        'leads',
        '--known-at',
        '30d',
      )
      const count = before.answer.rows[0]!.cell.count!
      expect(count).toBeGreaterThan(200)
      expect(count).toBeLessThan((await leads(cli)) - 30)

      const answered = async () => {
        const { answer } = await cli.json<{ answer: { rows: { cell: { sampleSize?: number } }[] } }>(
          'kpi',
          'acceptance-rate',
          '--from',
          simulatedUntil,
        )
        return answer.rows[0]?.cell.sampleSize ?? 0
      }
      await until('answered handoffs', answered, (count) => count > 0, WEEKEND)
    },
    PATIENCE + WEEKEND,
  )

  it(
    'explains a number by entries that add up to it',
    async () => {
      const { total, entries, more } = await cli.json<{
        total: { count: number }
        entries: { amount: { count: number } }[]
        more: boolean
      }>('explain', 'leads', '--to', '1d', '--limit', '5000')
      expect(more).toBe(false)
      expect(entries.reduce((sum, { amount }) => sum + amount.count, 0)).toBe(total.count)
      expect(total.count).toBeGreaterThan(200)
    },
    PATIENCE,
  )

  const number = /[1-9]/
  it.each([
    { words: 'kpis', text: /^win-rate@1 +ratio/m, json: { kpis: expect.arrayContaining([expect.anything()]) } },
    {
      words: 'diff leads --since 90d --limit 3',
      text: /before +after/,
      json: {
        changes: [expect.objectContaining({ after: expect.anything() })],
        entries: expect.any(Array),
        more: true,
      },
    },
    {
      words: 'diff win-rate --since 90d --limit 3',
      text: /amount +side +measure[^]* (numerator|denominator) /,
      json: { entries: expect.any(Array) },
    },
    { words: 'leads --limit 3', text: /^lead +stage/, json: { leads: Array(3).fill(expect.anything()) } },
    { words: 'deals --limit 3', text: /^deal +outcome/, json: { deals: Array(3).fill(expect.anything()) } },
    {
      words: 'deals --outcome won --limit 1',
      text: / won /,
      json: { deals: [expect.objectContaining({ outcome: 'OUTCOME_WON' })] },
    },
    {
      words: 'tail --no-follow --last 1',
      text: /^20\d\d-\S+Z +[a-z]+\.[a-z-]+ /,
      json: { event: expect.objectContaining({ specversion: '1.0' }), position: expect.any(Number) },
    },
    {
      words: 'top --once',
      text: /events\/s · [\d,]+ events · lag/,
      json: { kpis: expect.arrayContaining([expect.objectContaining({ value: expect.stringMatching(number) })]) },
    },
    {
      words: 'rebuild',
      text: /^generation \d+ is live: [\d,]+ events folded/,
      json: { generation: expect.any(Number), events: expect.any(Number), dropped: 0 },
    },
    // those live at the start and after both rebuilds above; then the one that was made for people
    { words: 'rebuild --drop-old', text: /^dropped the tables of 3 earlier generations/m, json: { dropped: 1 } },
  ])(
    'answers `funnel $words` for people and, with --json, for programs',
    async ({ words, text, json }) => {
      const args = words.split(' ')
      const shown = await funnel(...args)
      expect(shown).toMatchObject({ code: 0, stdout: expect.stringMatching(text) })
      const told = await funnel(...args, '--json')
      expect(told).toMatchObject({ code: 0, stderr: '' })
      expect(JSON.parse(told.stdout)).toMatchObject(json)
    },
    PATIENCE,
  )

  it(
    'verifies after the rebuilds as before',
    async () => {
      expect(await cli.json('verify')).toMatchObject({ ok: true, differences: [] })
    },
    PATIENCE,
  )

  it(
    'makes a key for one more source, with which it can send',
    async () => {
      const touch = {
        type: 'touchpoint.recorded',
        data: { visitor: 'visitor-of-website', kind: 'page', channel: 'email' },
      }
      await expect(up.send(touch, 'no-key')).rejects.toThrow('401')
      const { code, stdout, stderr } = await funnel('key', 'create', 'website')
      expect(code).toBe(0)
      expect(stderr).toContain('workspace demo')
      await up.send(touch, stdout.trim())
      expect((await funnel('key', 'create', 'website', '--workspace', 'other')).stderr).toContain(
        'other is not running',
      )
    },
    PATIENCE,
  )

  it(
    'ends a wrong command line with 2 and a reason',
    async () => {
      for (const args of [
        ['kpi'],
        ['kpi', 'leads', '--from', 'yesterday'],
        ['kpi', 'no-such-kpi'],
        ['explain', 'no-such-kpi'],
        ['diff', 'no-such-kpi', '--since', '1d'],
        ['kpi', 'leads', '--definition-version', '99'],
        ['nonsense'],
        ['kpi', 'leads', '--limit', '0'],
      ]) {
        const { code, stderr, stdout } = await funnel(...args)
        expect({ args, code, stdout }).toEqual({ args, code: 2, stdout: '' })
        expect(stderr).toMatch(/error:/)
      }
    },
    PATIENCE,
  )

  it(
    'starts a killed service again',
    async () => {
      const before = await cli.json<Status>('status')
      const victim = before.services.find(({ name }) => name === 'ingest')!
      process.kill(victim.pid, 'SIGKILL')
      const after = await until(
        'ingest',
        () => cli.json<Status>('status'),
        ({ ok, services }) => ok && services.some(({ name, restarts }) => name === 'ingest' && restarts === 1),
      )
      expect(after.services.find(({ name }) => name === 'ingest')!.pid).not.toBe(victim.pid)
    },
    PATIENCE,
  )

  it(
    'refuses a second start of the same workspace, and busy ports to another, naming both',
    async () => {
      const same = await funnel('up', ...cli.ports)
      expect(same.code).toBe(1)
      expect(same.stderr).toContain('the workspace demo is running already')

      const other = await funnel('up', '--workspace', 'mine', ...cli.ports)
      expect(other.code).toBe(1)
      expect(other.stderr).toContain(`port ${cli.ports[1]} (ingest, HTTP) is in use: --ingest-port N`)
      expect(other.stderr).toContain('npx funnel down --workspace demo')
    },
    PATIENCE,
  )

  it(
    'stops in order on SIGTERM and leaves no process',
    async () => {
      const pids = pidsOf(await cli.json<Status>('status'))
      up.kill('SIGTERM')
      expect(await up.ended).toBe(0)
      expect(pids.filter(alive)).toEqual([])
      const stopped = [...up.stderr.matchAll(/^([\w-]+) +\| stopped$/gm)].map(([, name]) => name)
      expect(stopped).toEqual(['ingest', 'relay', 'automation', 'sla-monitor', 'projector', 'query', 'postgres'])
      expect((await funnel('status')).code).toBe(4)
    },
    PATIENCE,
  )

  it(
    'costs no data when a fresh start meets a busy port',
    async () => {
      const server = createServer().listen(Number(cli.ports[1]), '127.0.0.1')
      await once(server, 'listening')
      for (const option of ['--no-panel', '--detach']) {
        const { code, stderr } = await funnel('up', '--fresh', option, ...cli.ports)
        expect(code).toBe(1)
        expect(stderr).toContain(`port ${cli.ports[1]} (ingest, HTTP) is in use`)
      }
      server.close()
    },
    PATIENCE,
  )

  it(
    'keeps the data for the next start, in the background too',
    async () => {
      const { code, stderr } = await funnel('up', '--detach', '--no-demo', ...cli.ports)
      expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining('running in the background') })
      const status = await cli.json<Status>('status')
      expect(status.demo).toBe(true) // not fed any more, but what it holds is still the demo's
      expect(await leads(cli)).toBeGreaterThanOrEqual(known)
      expect((await funnel('down')).code).toBe(0)
      expect(pidsOf(status).filter(alive)).toEqual([])
    },
    PATIENCE,
  )

  it(
    'starts over with --fresh, and takes everything along when it is killed',
    async () => {
      const up = await cli.start('--fresh', '--no-demo').ready()
      expect(await leads(cli)).toBe(0)
      const status = await cli.json<Status>('status')
      up.kill('SIGKILL')
      await up.ended
      await until(
        'processes',
        () => Promise.resolve(pidsOf(status).filter(alive)),
        (left) => left.length === 0,
      )
      expect((await funnel('kpi', 'leads')).code).toBe(4)
    },
    PATIENCE,
  )
})
