import { once } from 'node:events'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals'
import pg from 'pg'
import { migrateStore } from '@funnel/event-store'
import { testDatabase, type TestDatabase } from '@funnel/testing'
import { thisProcess } from '../workspace/process.js'
import { importCommand } from './command.js'
import { renderReport, type Report } from './report.js'

let folder: string
let database: TestDatabase
let pool: pg.Pool
const at = (name: string) => join(folder, name)

beforeAll(async () => {
  for (const name of ['DATABASE_URL', 'FUNNEL_URL', 'FUNNEL_WRITE_KEY']) delete process.env[name]
  folder = await mkdtemp(join(tmpdir(), 'funnel-import-'))
  database = await testDatabase()
  await migrateStore(database.url)
  pool = new pg.Pool({ connectionString: database.url, max: 1 })
  await writeFile(
    at('map.yaml'),
    `mapping: 1
source: crm
inputs:
  - file: deals*.csv
    key: '{{ id }}'
    events:
      - { type: deal.opened, time: '{{ opened }}', data: { deal: '{{ id }}', amount: { money: '{{ value }}', currency: EUR } } }
      - { type: deal.won, when: { won: { not: '' } }, time: '{{ won }}', data: { deal: '{{ id }}' } }
`,
  )
  const rows = Array.from(
    { length: 1_500 },
    (_, index) => `d${index},2026-01-05,10.50,${index % 3 ? '' : '2026-02-05'}`,
  )
  await writeFile(at('deals.csv'), `id,opened,value,won\n${rows.join('\n')}\n`)
  rows[7] = 'd7,2026-01-05,11.00,'
  rows.push('d1500,2026-01-06,1,')
  await writeFile(at('deals-later.csv'), `id,opened,value,won\n${rows.join('\n')}\n`)
  await writeFile(at('deals-bad.csv'), 'id,opened,value,won\nx1,2026-01-05,ten,\nx2,2026-01-05,1,\n')
})
afterAll(async () => {
  await pool.end()
  await database.drop()
  await rm(folder, { recursive: true })
})

let exitCode: typeof process.exitCode
beforeEach(() => {
  exitCode = process.exitCode
})
afterEach(() => {
  process.exitCode = exitCode
})

/** Runs the command; its stdout as JSON, and the exit code it asks for. */
async function run(...args: string[]): Promise<{ report: Report; code: typeof process.exitCode }> {
  const out: string[] = []
  const write = jest.spyOn(process.stdout, 'write').mockImplementation((text) => {
    out.push(String(text))
    return true
  })
  try {
    process.exitCode = undefined
    await importCommand()
      .exitOverride()
      .parseAsync(['--json', '--mapping', at('map.yaml'), ...args], { from: 'user' })
    return { report: JSON.parse(out.join('')) as Report, code: process.exitCode }
  } finally {
    write.mockRestore()
  }
}
const direct = (...args: string[]) => run('--direct', '--database-url', database.url, ...args)
const events = async () =>
  (await pool.query<{ type: string; n: number }>('select type, count(*)::int n from store.event group by 1 order by 1'))
    .rows

describe('funnel import', () => {
  it('writes nothing when it runs dry', async () => {
    const { report } = await run('--dry-run', at('deals.csv'))
    expect(report.events).toMatchObject({ 'deal.opened': { recorded: 1_500 }, 'deal.won': { recorded: 500 } })
    expect(report.examples?.['deal.opened']).toMatchObject({ data: { amount: { minor: 1_050, currency: 'EUR' } } })
    expect(await events()).toEqual([])
  })

  it('tells every error of a dry run in a file that is named, and leaves that of an import alone', async () => {
    await writeFile(at('deals-wrong.csv'), `id,opened,value,won\n${'x,2026-01-05,ten,\n'.repeat(7)}`)
    await writeFile(at('deals-wrong.csv.errors.csv'), 'of an import')
    const { report, code } = await run('--dry-run', at('deals-wrong.csv'))
    expect(code).toBe(1)
    expect(report).not.toHaveProperty('errorFile')
    expect(renderReport(report)).toMatch(
      / {2}7 errors:\n(?: {4}deals-wrong.csv:.*\n){5} {4}and 2 more: --errors FILE writes/,
    )
    const named = await run('--dry-run', '--errors', at('dry.csv'), at('deals-wrong.csv'))
    expect(named.report).toMatchObject({ errors: 7, errorFile: at('dry.csv') })
    expect(renderReport(named.report)).toMatch(new RegExp(` {2}7 errors, all in ${at('dry.csv')}:[^]* {4}and 2 more$`))
    expect((await readFile(at('dry.csv'), 'utf8')).trim().split('\n')).toHaveLength(8)
    expect(await readFile(at('deals-wrong.csv.errors.csv'), 'utf8')).toBe('of an import')
    expect(await events()).toEqual([])
  })

  it('records events in the store, each with the id of the import', async () => {
    const { report, code } = await direct(at('deals.csv'))
    expect(report).toMatchObject({ rows: 1_500, errors: 0 })
    expect(code).toBeUndefined()
    expect(await events()).toEqual([
      { type: 'deal.opened', n: 1_500 },
      { type: 'deal.won', n: 500 },
    ])
    const { rows } = await pool.query(`select distinct envelope->>'importid' id from store.event`)
    expect(rows).toEqual([{ id: report.importId }])
    const progress = await pool.query('select file, rows_done, errors, state from store.import')
    expect(progress.rows).toEqual([{ file: 'deals.csv', rows_done: 1_500, errors: 0, state: 'done' }])
  })

  it('done again has nothing to do, and with --restart finds that all is known', async () => {
    const before = await events()
    expect((await direct(at('deals.csv'))).report).toMatchObject({ rows: 0, rowsBefore: 1_500, events: {} })
    expect((await direct('--restart', at('deals.csv'))).report.events).toMatchObject({
      'deal.opened': { recorded: 0, duplicate: 1_500, conflict: 0 },
      'deal.won': { recorded: 0, duplicate: 500 },
    })
    expect(await events()).toEqual(before)
  })

  it('of a later export records what is new and reports what changed under an id that is known', async () => {
    const { report, code } = await direct(at('deals-later.csv'))
    expect(report.events['deal.opened']).toEqual({ recorded: 1, duplicate: 1_499, conflict: 1, rejected: 0 })
    expect(report.firstErrors).toEqual([
      expect.objectContaining({ file: 'deals-later.csv', line: 9, code: 'CONFLICT' }),
    ])
    expect(code).toBe(1)
  })

  it('writes row errors beside the file and asks for the exit code 1', async () => {
    const { report, code } = await direct(at('deals-bad.csv'))
    expect(code).toBe(1)
    expect(report).toMatchObject({ rows: 2, errors: 1, errorFile: at('deals-bad.csv.errors.csv') })
    expect((await readFile(at('deals-bad.csv.errors.csv'), 'utf8')).split('\n')).toEqual([
      'file,line,event,field,code,message',
      'deals-bad.csv,2,deal.opened,data.amount,INVALID,"""ten"" is not a number with the decimal sign ""."""',
      '',
    ])
  })

  it('leaves the errors of the import before alone when it fails before anything is recorded', async () => {
    const before = await readFile(at('deals-bad.csv.errors.csv'), 'utf8')
    const door = createServer((_, answer) => answer.writeHead(401).end()).listen(0, '127.0.0.1')
    await once(door, 'listening')
    const url = `http://127.0.0.1:${(door.address() as AddressInfo).port}`
    const failing = run('--restart', '--url', url, '--key', 'wrong', at('deals-bad.csv'))
    await expect(failing).rejects.toThrow('does not take this write key')
    door.close()
    expect(await readFile(at('deals-bad.csv.errors.csv'), 'utf8')).toBe(before)
  })

  it('says before it sends anything that the errors cannot be written', async () => {
    for (const path of [folder, at('no/such/folder.csv')])
      await expect(direct('--restart', '--errors', path, at('deals-bad.csv'))).rejects.toMatchObject({
        code: 'INVALID',
        message: expect.stringContaining('name another file for row errors'),
      })
  })

  it('done again says that it was done, with its errors and the same exit code', async () => {
    const { report, code } = await direct(at('deals-bad.csv'))
    expect(code).toBe(1)
    expect(report).toMatchObject({
      rows: 0,
      rowsBefore: 2,
      doneBefore: true,
      errors: 0,
      errorsBefore: 1,
      errorFile: at('deals-bad.csv.errors.csv'),
    })
    expect(renderReport(report)).toBe(
      `nothing to do: all 2 rows were read before; import ${report.importId} to the store (--restart sends them again)\n` +
        `  1 error, all in ${at('deals-bad.csv.errors.csv')}`,
    )
    expect((await direct(at('deals.csv'))).code).toBeUndefined()
    expect((await direct('--restart', at('deals-bad.csv'))).report).toMatchObject({
      rows: 2,
      errors: 1,
      errorsBefore: 0,
    })
  })

  it('goes on where the store says an interrupted one was', async () => {
    await pool.query(`update store.import set rows_done = 1000, state = 'running' where file = 'deals.csv'`)
    expect((await direct(at('deals.csv'))).report).toMatchObject({
      rows: 500,
      rowsBefore: 1_000,
      events: { 'deal.opened': { recorded: 0, duplicate: 500 } },
    })
  })

  it('finds the workspace that runs, and refuses one with demo data', async () => {
    const state = {
      workspace: 'mine',
      supervisor: thisProcess(),
      demo: false,
      urls: { ingest: 'http://127.0.0.1:9', query: '127.0.0.1:9' },
      databaseUrl: database.url,
    }
    const write = (change: object) => writeFile(at('mine/state.json'), JSON.stringify({ ...state, ...change }))
    await mkdir(at('mine'))
    await write({})
    const { report } = await run('--data-dir', folder, '-w', 'mine', '--direct', at('deals.csv'))
    expect(report).toMatchObject({ rows: 0, rowsBefore: 1_500 })
    await write({ demo: true })
    await expect(run('--data-dir', folder, '--workspace', 'mine', at('deals.csv'))).rejects.toThrow('holds demo data')
    await rm(at('mine'), { recursive: true })
  })

  it('refuses a database with demo data too, by whatever way it is named', async () => {
    await pool.query('update store.meta set simulated_until = now()')
    try {
      await expect(direct(at('deals.csv'))).rejects.toThrow('holds demo data')
    } finally {
      await pool.query('update store.meta set simulated_until = null')
    }
  })

  it('writes to no database that may lose what it was told', async () => {
    const unsafe = new URL(database.url)
    unsafe.searchParams.set('options', '-c synchronous_commit=off')
    await expect(run('--direct', '--database-url', unsafe.href, at('deals.csv'))).rejects.toMatchObject({
      code: 'UNSAFE_DATABASE',
    })
  })

  it('says what to do when nothing runs', async () => {
    await expect(run('--data-dir', folder, at('deals.csv'))).rejects.toThrow(
      'no workspace is running and no database is named',
    )
    await expect(run('--data-dir', folder, '--via', 'http', at('deals.csv'))).rejects.toThrow('there is no address')
    await expect(run('--url', 'http://127.0.0.1:9', '--via', 'http', at('deals.csv'))).rejects.toThrow('no write key')
  })
})
