import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import pg from 'pg'
import { commandsIn, fencesOf, fileIn, root } from './fences.js'
import { funnel } from './platform.js'
import { freePort } from '@funnel/platform'

const run = promisify(execFile)

/** Commands of the pages that are not run here, and why. */
const elsewhere: Readonly<Record<string, string>> = {
  'npm start': 'apps/funnel/src/up.e2e.spec.ts starts the workspace demo',
  'npm test': 'this is part of it',
  'npm start -- --workspace mine': 'what the workspace of this spec was started with, but for ports and folder',
  'FUNNEL_DESTINATIONS=destinations.yaml npx funnel notify test sales-desk':
    'apps/e2e/src/notifications.e2e.spec.ts tries a destination that is on this machine',
  'FUNNEL_DEFINITIONS=our-definitions npm start -- --workspace mine': 'so was this one',
  'FUNNEL_DESTINATIONS=destinations.yaml npm start': 'and with these destinations',
  [`grpcurl -plaintext -d '{"question":{"kpi":"leads"}}' 127.0.0.1:7071 funnel.v1.KpiService/QueryKpi`]:
    'grpcurl may be absent; what buf asks by reflection, it asks',
  [`grpcurl -plaintext -H "authorization: Bearer $COMMAND_KEY" -d '{"idempotency_key":"7f1c-advance-lead-1","actor":"ann","lead_advance":{"lead":"lead-1","stage":"mql"}}' 127.0.0.1:7078 funnel.v1.CommandService/Execute`]:
    'likewise; apps/ingest/src/commands/grpc/grpc.int.spec.ts gives commands like it',
}
const pages = [
  'README.md',
  'docs/import.md',
  'docs/adding-a-kpi.md',
  'docs/adding-an-sla.md',
  'definitions/README.md',
  'docs/commands.md',
  'docs/privacy.md',
  'docs/notifications.md',
]

describe('The pages', () => {
  let folder: string
  let dataDir: string
  let ingest: string
  let query: string
  let env: Record<string, string>
  let writeKey = ''
  let commandKey = ''

  const write = (file: string, text: string) => {
    mkdirSync(dirname(join(folder, file)), { recursive: true })
    writeFileSync(join(folder, file), text)
  }
  /** A command of a page, in a folder that has the files of the pages; its stdout. Throws when it fails. */
  const shell = async (command: string): Promise<string> => {
    const here = command
      .replace(/^npx funnel/, `${process.execPath} ${join(root, 'apps/funnel/dist/main.js')}`)
      .replace(/^npx buf/, join(root, 'node_modules/.bin/buf'))
      .replace('http://127.0.0.1:7070', ingest)
      .replace('http://127.0.0.1:7071', query)
      .replace(/^curl -sS /, 'curl -sS --fail-with-body ')
    const { stdout } = await run('sh', ['-c', here], {
      cwd: folder,
      env: { ...env, WRITE_KEY: writeKey, COMMAND_KEY: commandKey },
    })
    return stdout
  }
  const post = async (events: string): Promise<{ accepted: number }> => {
    const answer = await fetch(`${ingest}/v1/events`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${writeKey}` },
      body: events,
    })
    return (await answer.json()) as { accepted: number }
  }
  /** What the command prints, as soon as it contains the text; at the latest after a while. */
  const until = async (text: string, command: string): Promise<string> => {
    for (let tries = 0; ; tries++) {
      const output = await shell(command)
      if (output.includes(text) || tries === 100) return output
      await sleep(100)
    }
  }

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'funnel-docs-'))
    chmodSync(folder, 0o755) // PostgreSQL may run as another user
    dataDir = join(folder, 'data')
    const kpi = 'our-definitions/kpis/sqls-per-lead.yaml'
    write(kpi, fileIn('docs/adding-a-kpi.md', kpi))
    write('destinations.yaml', fileIn('docs/notifications.md', 'destinations.yaml'))
    for (const { file, text } of fencesOf('docs/adding-an-sla.md')) if (file) write(file, text)
    env = {
      PATH: process.env['PATH'] ?? '',
      NO_COLOR: '1',
      FUNNEL_DATA_DIR: dataDir,
      FUNNEL_WORKSPACE: 'mine',
      FUNNEL_DEFINITIONS: join(folder, 'our-definitions'),
      FUNNEL_DESTINATIONS: join(folder, 'destinations.yaml'),
      SALES_HOOK_SECRET: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
      DESK_SLACK_PATH: 'T/B/X',
      SMTP_PASSWORD: 'secret',
    }
    const names = [
      'ingest',
      'query',
      'relay',
      'projector',
      'query-ops',
      'postgres',
      'kafka',
      'automation',
      'sla-monitor',
      'ingest-grpc',
      'notifier',
    ]
    const ports = await Promise.all(names.map(async (name) => `--${name}-port ${await freePort()}`))
    ;[ingest, query] = ports.slice(0, 2).map((port) => `http://127.0.0.1:${port.split(' ')[1]}`) as [string, string]
    const up = await shell(`npx funnel up --detach --json ${ports.join(' ')}`)
    ;({ writeKey, commandKey } = JSON.parse(up) as { writeKey: string; commandKey: string })
  }, 120_000)
  afterAll(async () => {
    await shell('npx funnel down').catch(() => undefined)
    rmSync(folder, { recursive: true, force: true })
  }, 60_000)

  it('docs/adding-a-kpi.md: a file makes a KPI, and gives the number the page says', async () => {
    expect(await post(fileIn('docs/adding-a-kpi.md', 'events.json'))).toMatchObject({ accepted: 5 })
    const promised = /this is `([^`]+)`/.exec(readFileSync(join(root, 'docs/adding-a-kpi.md'), 'utf8'))![1]!
    const output = await until(promised, 'npx funnel kpi sqls-per-lead')
    expect(output).toContain(promised)
    const answer = JSON.parse(await shell('npx funnel kpi sqls-per-lead --json')) as { kpi: object }
    expect(JSON.stringify(answer)).toContain('"version":1')
  }, 60_000)

  it('docs/adding-an-sla.md: a file makes a promise, and its preview says what the page says', async () => {
    const page = 'docs/adding-an-sla.md'
    const previews = commandsIn(page).filter((command) => command.startsWith('npx funnel sla preview'))
    const promised = /is due `([^`]+)`/.exec(readFileSync(join(root, page), 'utf8'))![1]!
    const [first] = (await shell(previews.at(-1)!)).split('all other leads')
    expect(first).toMatch(new RegExp(`^ +due +Mon ${promised.replace('+', '[+]')} `, 'm'))
    expect(await shell(previews[0]!)).toContain('Friday afternoon')
    const files = await shell('npx funnel definitions diff our-definitions --json')
    expect(files).toContain('sla/demo-requests')
  })

  it('the imports of the pages read what the mapping of docs/import.md says', async () => {
    const { text } = fencesOf('docs/import.md').find(
      ({ language, text }) => language === 'yaml' && /^mapping:/m.test(text),
    )!
    const deals = `  - file: deals.csv
    key: '{{ id }}'
    events: [{ type: deal.won, time: '{{ won }}', data: { deal: '{{ id }}' } }]\n`
    write('map.yaml', text + deals)
    write(
      'leads.csv',
      'id,created,owner,origin,size,email,first_name,last_name\n1,2026-01-05, Ann ,Webinar,250,kim@example.com,Kim,Lee\n2,2026-01-06 09:30,,Ads,,,,\n',
    )
    write('deals.csv', 'id,won\n1,2026-02-01\n')
    const imports = [...new Set(pages.flatMap(commandsIn))].filter((command) => command.startsWith('npx funnel import'))
    expect(imports.length).toBeGreaterThan(2)
    for (const command of imports) {
      const report = JSON.parse(await shell(`${command.replace(' --dry-run', '')} --dry-run --json`)) as object
      expect(report).toMatchObject({
        errors: 0,
        events: {
          'lead.captured': { recorded: 2 },
          ...(command.includes('deals.csv') && { 'deal.won': { recorded: 1 } }),
        },
        examples: {
          'lead.captured': {
            source: 'our-crm',
            time: '2026-01-04T23:00:00.000Z',
            data: { lead: '1', owner: 'Ann', properties: { origin: 'webinar', employees: 250 } },
          },
        },
      })
    }
  }, 60_000)

  it('every other command runs, or it is said where it does', async () => {
    const commands = [...new Set(pages.flatMap(commandsIn))]
    expect(commands.length).toBeGreaterThan(10)
    for (const command of commands) {
      if (command in elsewhere || command.startsWith('npx funnel import')) continue
      const ran = shell(command)
      await expect(ran.then(() => command)).resolves.toBe(command)
      // of events the door answers 200 whatever it thinks of them
      if (command.includes('/v1/events'))
        expect([command, JSON.parse(await ran)]).toEqual([
          command,
          expect.objectContaining({ rejected: 0, conflicts: 0 }),
        ])
    }
    for (const command of Object.keys(elsewhere)) expect(commands).toContain(command)
  }, 120_000)

  it('README.md: a page sends an event', async () => {
    const { text } = fencesOf('README.md').find(({ language }) => language === 'js')!
    const sent = text.replace('http://127.0.0.1:7070', ingest).replace('WRITE_KEY', writeKey)
    const script = `const answer = ${sent.trim()}\nprocess.stdout.write(await answer.text())`
    const { stdout } = await run(process.execPath, ['--input-type=module', '-e', script])
    expect(JSON.parse(stdout)).toMatchObject({ accepted: 1, rejected: 0 })
  })

  it('docs/adding-a-projection.md: the consumer counts what was recorded, once, though it is killed, or frozen while it saves', async () => {
    const page = 'docs/adding-a-projection.md'
    const touches = Array.from({ length: 400 }, (_, i) => ({
      type: 'touchpoint.recorded',
      data: { visitor: `v-${i}`, kind: 'page', channel: 'paid_search', campaign: `campaign-${i % 3}` },
    }))
    const state = readFileSync(join(dataDir, 'mine/state.json'), 'utf8')
    const { databaseUrl } = JSON.parse(state) as { databaseUrl: string }
    const pool = new pg.Pool({ connectionString: databaseUrl, max: 1 })
    const holder = new pg.Client(databaseUrl)
    const consumers: ChildProcess[] = []
    // beside the packages, so that it finds them
    const place = mkdtempSync(join(root, 'apps/e2e/.docs-'))
    try {
      writeFileSync(join(place, 'touches-by-campaign.ts'), fileIn(page, 'touches-by-campaign.ts'))
      const counted = async () => {
        const { rows } = await pool
          .query<{ campaign: string; n: string }>('select campaign, n from marketing.touches order by campaign')
          .catch(() => ({ rows: [] }))
        return rows.map(({ campaign, n }) => [campaign, Number(n)])
      }
      const start = () => {
        const consumer = spawn(process.execPath, [join(place, 'touches-by-campaign.ts')], {
          env: { ...env, DATABASE_URL: databaseUrl },
          stdio: ['ignore', 'ignore', 'inherit'],
        })
        consumers.push(consumer)
        const ended = once(consumer, 'exit')
        const end = (signal: NodeJS.Signals) => {
          consumer.kill(signal)
          return ended
        }
        return { consumer, end }
      }
      const give = async (at: number) =>
        expect(await post(JSON.stringify(touches.slice(at, at + 100)))).toMatchObject({ accepted: 100 })
      const until = async (what: string, come: () => Promise<boolean>) => {
        for (const end = Date.now() + 60_000; !(await come()); await sleep(50))
          if (Date.now() > end) throw new Error(`${what}: not so after 60 s`)
      }
      const sum = async () => (await counted()).reduce((total, [, n]) => total + Number(n), 0)
      for (let at = 0; at < 300; at += 100) {
        const { end } = start()
        await give(at)
        await until(`${at + 100} are counted`, async () => (await sum()) >= at + 100)
        await end(at ? 'SIGTERM' : 'SIGKILL')
      }
      expect(await counted()).toEqual([0, 1, 2].map((i) => [`campaign-${i}`, 100]))
      // one is frozen while it saves, another takes over before that is done, and both go on
      await holder.connect()
      await holder.query('begin; lock table marketing.touches in exclusive mode')
      const waiting = async () => {
        const { rows } = await pool.query<{ n: number }>(
          `select count(*)::int n from pg_stat_activity where application_name = 'touches-by-campaign' and wait_event_type = 'Lock'`,
        )
        return rows[0]!.n
      }
      const frozen = start()
      await give(300)
      await until('one waits to save', async () => (await waiting()) === 1)
      frozen.consumer.kill('SIGSTOP')
      const heir = start()
      await until('another waits beside it', async () => (await waiting()) === 2)
      await holder.end()
      frozen.consumer.kill('SIGCONT')
      await until('neither waits any longer', async () => (await waiting()) === 0)
      await Promise.all([frozen.end('SIGTERM'), heir.end('SIGTERM')])
      expect(await sum()).toBe(400)
    } finally {
      for (const consumer of consumers) consumer.kill('SIGKILL')
      await holder.end()
      await pool.end()
      rmSync(place, { recursive: true, force: true })
    }
  }, 240_000)

  it('docs/adding-an-event-type.md: the type is part of the language, and its golden sample is accepted', async () => {
    const page = 'docs/adding-an-event-type.md'
    const place = mkdtempSync(join(root, 'apps/e2e/.docs-'))
    try {
      const source = join(place, 'src')
      cpSync(join(root, 'libs/events/src'), source, { recursive: true })
      writeFileSync(join(source, 'types/forecasts.ts'), fileIn(page, 'types/forecasts.ts'))
      const golden = fileIn(page, 'golden/deal.forecast-changed.v1.json')
      const catalogue = readFileSync(join(source, 'catalogue.ts'), 'utf8')
      writeFileSync(
        join(source, 'catalogue.ts'),
        `import { dealForecastChanged } from './types/forecasts.js'\n${catalogue.replace('\n] as const', '\n  dealForecastChanged,\n] as const')}`,
      )
      const options = { extends: join(root, 'tsconfig.base.json'), compilerOptions: { rootDir: 'src', outDir: 'dist' } }
      writeFileSync(
        join(place, 'tsconfig.json'),
        JSON.stringify({ ...options, include: ['src/**/*.ts'], exclude: ['src/**/*.spec.ts'] }),
      )
      writeFileSync(join(place, 'package.json'), '{ "type": "module" }')
      await run(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', place])
      const script = `
        const { validateEvent, typeOf } = await import(${JSON.stringify(join(place, 'dist/index.js'))})
        const { title } = typeOf('deal.forecast-changed')
        const check = (event) => validateEvent(event, { source: '/crm', receivedAt: Date.now() }).ok
        const golden = ${golden}
        const wrong = { ...golden, data: { ...golden.data, expected: 'soon' } }
        process.stdout.write(JSON.stringify([title, check(golden), check(wrong)]))`
      const { stdout } = await run(process.execPath, ['--input-type=module', '-e', script])
      expect(JSON.parse(stdout)).toEqual(['The day on which a deal is expected to close changed.', true, false])
    } finally {
      rmSync(place, { recursive: true, force: true })
    }
  }, 120_000)

  it('name no file that is not there', () => {
    for (const page of [
      'README.md',
      'definitions/README.md',
      'docs/adding-an-sla.md',
      'docs/architecture.md',
      'docs/backup.md',
      'docs/import.md',
      'docs/deployment.md',
      'docs/notifications.md',
    ])
      for (const [, link] of readFileSync(join(root, page), 'utf8').matchAll(/\]\((?!https?:)([^)#]+)\)/g))
        expect([page, link, existsSync(join(root, dirname(page), link!))]).toEqual([page, link, true])
  })

  it('funnel --help names every command that the pages use', async () => {
    const help = await funnel('--help')
    for (const command of new Set(
      pages.flatMap(commandsIn).flatMap((line) => /^npx funnel (\w+)/.exec(line)?.[1] ?? []),
    ))
      expect(help).toContain(command)
  })
})
