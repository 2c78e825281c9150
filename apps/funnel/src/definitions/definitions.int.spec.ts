import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals'
import pg from 'pg'
import { defaultDefinitions, kinds, readDefinitions } from '@funnel/definitions'
import { migrateStore, openEventStore } from '@funnel/event-store'
import { topics } from '@funnel/events'
import { testDatabase, type TestDatabase } from '@funnel/testing'
import { lastApplied } from './applied.js'
import { definitionsCommand } from './command.js'
import { pendingOf, putInForce } from './put-in-force.js'
import { stepsFor } from './steps.js'

const settings = ['DATABASE_URL', 'READ_DATABASE_URL', 'FUNNEL_DATA_DIR', 'FUNNEL_DEFINITIONS', 'FUNNEL_WORKSPACE']
const before = settings.map((name) => [name, process.env[name]] as const)
let folder: string
let database: TestDatabase
let pool: pg.Pool
let exitCode: typeof process.exitCode

beforeAll(async () => {
  database = await testDatabase()
  await migrateStore(database.url)
  pool = new pg.Pool({ connectionString: database.url, max: 1 })
  folder = mkdtempSync(join(tmpdir(), 'funnel-definitions-'))
  for (const name of settings) delete process.env[name]
  process.env['DATABASE_URL'] = database.url
  process.env['FUNNEL_DATA_DIR'] = join(folder, 'none-runs')
})
afterAll(async () => {
  for (const [name, value] of before)
    if (value === undefined) delete process.env[name]
    else process.env[name] = value
  await pool.end()
  await database.drop()
  rmSync(folder, { recursive: true })
})
beforeEach(() => {
  exitCode = process.exitCode
})
afterEach(() => {
  process.exitCode = exitCode
})

/** Runs a command; what it prints, and the exit code it asks for. */
async function run(...args: string[]): Promise<{ out: string; code: typeof process.exitCode }> {
  const out: string[] = []
  const write = jest.spyOn(process.stdout, 'write').mockImplementation((text) => out.push(String(text)) > 0)
  const say = jest.spyOn(process.stderr, 'write').mockImplementation(() => true)
  try {
    process.exitCode = undefined
    await definitionsCommand().exitOverride().parseAsync(args, { from: 'user' })
    return { out: out.join(''), code: process.exitCode }
  } finally {
    write.mockRestore()
    say.mockRestore()
  }
}
const json = async (...args: string[]) => JSON.parse((await run(...args, '--json')).out) as Answer
interface Answer {
  readonly ok?: boolean
  readonly mistakes?: readonly string[]
  readonly kinds?: readonly { readonly kind: string; readonly definitions: number; readonly drafts: number }[]
  readonly definitions?: readonly { readonly definition: string; readonly state: string }[]
  readonly applied?: readonly { readonly definition: string; readonly version: number; readonly effective: string }[]
  readonly unchanged?: number
  readonly dryRun?: boolean
}

/** Writes a KPI into the folder of a company; gives that folder's path. */
function kpi(
  company: string,
  version: number,
  description: string,
  approved = '{ marketing: Mia, sales: Sam }',
): string {
  const file = join(folder, company, 'kpis/signups.yaml')
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(
    file,
    `id: signups\nversion: ${version}\nname: Sign-ups\ndescription: ${description}\nowners: { marketing: Mia, sales: Sam }\n` +
      `approved: ${approved}\nunit: count\ngrain: lead\nformula: { sum: { measure: lead.captured } }\n`,
  )
  return join(folder, company)
}

const events = async () =>
  (
    await pool.query<{ definition: string; version: number; effective: string; stream: string; topic: number }>(
      `select stream, topic, envelope->'data'->>'definition' definition, (envelope->'data'->>'version')::int version,
         envelope->'data'->>'effective' effective from store.event where envelope->>'type' = 'definition.applied' order by position`,
    )
  ).rows
const files = readDefinitions()
const all = kinds.flatMap((kind) => files[kind].map(({ value }) => `${kind}/${value.id}`))

describe('funnel definitions check', () => {
  it('counts what there is of each kind', async () => {
    const { kinds: found } = await json('check')
    expect(found!.map(({ kind, definitions }) => [kind, definitions])).toEqual(
      kinds.map((kind) => [kind, files[kind].length]),
    )
    expect(found!.reduce((sum, { drafts }) => sum + drafts, 0)).toBe(0)
    expect((await run('check')).out).toMatch(/^kind +definitions +drafts\nfunnel +1\n/)
  })

  it('counts drafts, which wait for an approval', async () => {
    const { kinds: found } = await json('check', kpi('drafts', 1, 'Leads.', '{ sales: Sam }'))
    expect(found!.find(({ kind }) => kind === 'kpi')).toMatchObject({ definitions: files.kpi.length + 1, drafts: 1 })
  })

  it('tells every mistake with its file and line, and asks for the exit code 2', async () => {
    const wrong = kpi('wrong', 0, 'Leads.')
    const mistake = `${wrong}/kpis/signups.yaml:2: version must be >= 1`
    expect(await json('check', wrong)).toEqual({ ok: false, mistakes: [mistake] })
    expect(await run('check', wrong)).toEqual({ out: `✗ ${mistake}\n`, code: 2 })
  })
})

describe('funnel definitions apply', () => {
  it('shows what it would do and records nothing when it runs dry', async () => {
    const { applied, dryRun } = await json('apply', '--dry-run')
    expect([dryRun, applied!.map(({ definition }) => definition)]).toEqual([true, all])
    expect(await events()).toEqual([])
  })

  it('that broke off is done again, and goes on where it was', async () => {
    const store = await openEventStore({ url: database.url, connections: 1 })
    let appends = 0
    const breaking: typeof store = {
      ...store,
      append: async (...appended) => {
        if (++appends > 7) throw new Error('the power is off')
        return store.append(...appended)
      },
    }
    const at = Date.now()
    try {
      await expect(
        putInForce(breaking, pendingOf(stepsFor(files, new Map(), at)), at, () => undefined),
      ).rejects.toThrow('the power is off')
    } finally {
      await store.close()
    }
    const { applied, unchanged } = await json('apply')
    expect(unchanged).toBe(7)
    expect(applied!.map(({ definition }) => definition)).toEqual(all.slice(7))
    const recorded = await events()
    expect(recorded.map(({ definition, version }) => [definition, version])).toEqual(
      kinds.flatMap((kind) => files[kind].map(({ value }) => [`${kind}/${value.id}`, value.version])),
    )
    for (const { stream, topic, definition } of recorded) {
      expect(stream).toBe(`definition-${definition}`)
      expect(topic).toBe(topics.definitions.id)
    }
  })

  it('done again has nothing to do', async () => {
    expect(await json('apply')).toEqual({ dryRun: false, applied: [], unchanged: all.length })
    expect(await json('diff')).toEqual({ definitions: [], unchanged: all.length })
  })

  it('by two at the same time applies everything once', async () => {
    const at = Date.now()
    const ours = readDefinitions([defaultDefinitions, kpi('race', 1, 'Leads.')])
    const steps = pendingOf(stepsFor(ours, await lastApplied(pool), at))
    const stores = await Promise.all([1, 2].map(() => openEventStore({ url: database.url, connections: 1 })))
    try {
      const done = await Promise.all(
        stores.map((store, i) => {
          const theirs = steps.map((step) => ({ ...step, command: { ...step.command, effective: at + 1000 * i } }))
          return putInForce(store, theirs, at, () => undefined)
        }),
      )
      expect(done.flat().map(({ definition }) => definition)).toEqual(['kpi/signups'])
    } finally {
      await Promise.all(stores.map((store) => store.close()))
    }
    expect((await events()).filter(({ definition }) => definition === 'kpi/signups')).toHaveLength(1)
  })

  it('puts a version in force from an instant to come, and from none that is over', async () => {
    const ours = kpi('later', 2, 'Leads captured.')
    const { applied } = await json('apply', ours, '--effective', '2130-01-01')
    expect(applied).toEqual([{ definition: 'kpi/signups', version: 2, effective: '2130-01-01T00:00:00.000Z' }])
    expect((await events()).at(-1)).toMatchObject({ version: 2, effective: '2130-01-01T00:00:00.000Z' })
    await expect(run('apply', ours, '--effective', '2020-01-01')).rejects.toMatchObject({ code: 'INVALID' })
  })

  it('(row N8) applies nothing while one definition lacks an approval or was changed under its version', async () => {
    const count = (await events()).length
    const draft = kpi('draft', 3, 'Leads so far.', '{ marketing: Mia }')
    await expect(run('apply', draft)).rejects.toMatchObject({
      code: 'REJECTED',
      message: expect.stringMatching(/^nothing was applied:\nkpi\/signups version 3 is not approved by sales/),
    })
    const changed = kpi('changed', 2, 'Leads so far.')
    await expect(run('apply', changed)).rejects.toThrow('kpi/signups version 2 was applied with other content')
    expect(await events()).toHaveLength(count)
  })
})

describe('funnel definitions diff', () => {
  it('tells what is new or changed field by field, what cannot be applied, and what no file has any more', async () => {
    const { definitions, unchanged } = await json('diff', kpi('diff', 3, 'Leads so far.', '{ marketing: Mia }'))
    expect(unchanged).toBe(all.length)
    expect(definitions).toEqual([
      {
        definition: 'kpi/signups',
        state: 'changed',
        last: 2,
        version: 3,
        approved: { marketing: 'Mia' },
        changes: [
          { path: 'version', before: 2, after: 3 },
          { path: 'description', before: 'Leads captured.', after: 'Leads so far.' },
        ],
        refused: expect.stringContaining('is not approved by sales'),
      },
    ])
    expect((await json('diff')).definitions).toEqual([{ definition: 'kpi/signups', state: 'removed', last: 2 }])
  })

  it('says it in words', async () => {
    expect((await run('diff', kpi('diff', 3, 'Leads so far.', '{ marketing: Mia }'))).out).toBe(
      [
        'changed  kpi/signups  version 2 → 3',
        '         version: 2 → 3',
        '         description: "Leads captured." → "Leads so far."',
        '         cannot be applied: kpi/signups version 3 is not approved by sales: say in its file who approved it there',
        '',
      ].join('\n'),
    )
    expect((await run('diff')).out).toBe('removed  kpi/signups  version 2 stays in force: no file has it any more\n')
  })
})
