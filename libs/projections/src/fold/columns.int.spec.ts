import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import pg from 'pg'
import { mintId } from '@funnel/events'
import { CopyIn } from './copy-in.js'
import { createPool } from '@funnel/platform'
import { testDatabase, type TestDatabase } from '@funnel/testing'
import { arraysOf, copyOf, selectOf, type Column } from './columns.js'

interface Row {
  readonly s: number
  readonly i: number
  readonly b: number
  readonly large: bigint
  readonly at: number
  readonly t: string | undefined
  readonly j: string
  readonly u: string
  readonly f: number
  readonly o: boolean
  readonly words: readonly string[]
  readonly is: readonly number[]
  readonly bs: readonly (number | bigint)[]
  readonly ts: readonly (string | null)[]
}

const columns: readonly Column<Row>[] = [
  { name: 's', type: 'smallint', of: ({ s }) => s },
  { name: 'i', type: 'int', of: ({ i }) => i },
  { name: 'b', type: 'bigint', of: ({ b }) => b },
  { name: 'large', type: 'bigint', of: ({ large }) => large },
  { name: 'at', type: 'timestamptz', of: ({ at }) => at },
  { name: 't', type: 'text', of: ({ t }) => t },
  { name: 'j', type: 'json', of: ({ j }) => j },
  { name: 'u', type: 'uuid', of: ({ u }) => u },
  { name: 'jb', type: 'jsonb', of: ({ j }) => j },
  { name: 'f', type: 'float8', of: ({ f }) => f },
]
const selected: readonly Column<Row>[] = [
  ...columns,
  { name: 'words', type: 'text', of: ({ words }) => words.join(' '), sql: `string_to_array(words, ' ')` },
]
/** What is copied only: arrays of arrays would have to be of one length. */
const copied: readonly Column<Row>[] = [
  ...columns,
  { name: 'o', type: 'boolean', of: ({ o }) => o },
  { name: 'is', type: 'int[]', of: ({ is }) => is },
  { name: 'bs', type: 'bigint[]', of: ({ bs }) => bs },
  { name: 'ts', type: 'text[]', of: ({ ts }) => ts },
]
const large = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
const text = fc.string({ unit: 'binary', maxLength: 120 }).map((value) => value.replaceAll('\0', ''))
const rows = fc.array(
  fc.record<Row>({
    s: fc.integer({ min: -(2 ** 15), max: 2 ** 15 - 1 }),
    i: fc.integer(),
    b: fc.maxSafeInteger(),
    large,
    at: fc.date({ min: new Date(-62e12), max: new Date(250e12), noInvalidDate: true }).map(Number),
    t: fc.option(text, { nil: undefined }),
    j: text.map((value) => JSON.stringify({ value })),
    u: fc.uuid(),
    f: fc.double({ noNaN: true }),
    o: fc.boolean(),
    words: fc.array(fc.constantFrom('recycled', 'negative-cycle')),
    is: fc.array(fc.integer()),
    bs: fc.array(fc.oneof(fc.maxSafeInteger(), large)),
    ts: fc.array(fc.option(text)),
  }),
  { maxLength: 40 },
)

describe('rows in binary formats', () => {
  let database: TestDatabase
  let pool: pg.Pool
  let client: pg.PoolClient
  beforeAll(async () => {
    database = await testDatabase()
    pool = createPool(database.url, 'spec')
    client = await pool.connect()
    await client.query(
      'create temp table copied (n serial, s smallint, i int, b bigint, large bigint, at timestamptz, t text, j json, u uuid, jb jsonb, f float8, o boolean, "is" int[], bs bigint[], ts text[])',
    )
  })
  afterAll(async () => {
    client.release()
    await pool.end()
    await database.drop()
  })

  const read = `select s, i, b, large::text, extract(epoch from at) * 1000 as at, t, j #>> array[]::text[] as j, u, jb->>'value' as jb, f`
  const asRead = ({ s, i, b, large, at, t, j, u, f }: Row) => {
    const jb = (JSON.parse(j) as { value: string }).value
    return { s, i, b, large: String(large), at, t: t ?? null, j, u, jb, f }
  }
  const found = ({ rows }: pg.QueryResult<Record<string, unknown>>) =>
    rows.map((row) => ({ ...row, b: Number(row['b']), at: Number(row['at']) }))

  it('arrive by COPY as they were, whatever they hold', async () => {
    await fc.assert(
      fc.asyncProperty(rows, async (given) => {
        await client.query('truncate copied')
        const text = 'copy copied (s, i, b, large, at, t, j, u, jb, f, o, "is", bs, ts) from stdin (format binary)'
        await client.query(new CopyIn(text, copyOf(copied, given))).done
        const result = await client.query(`${read}, o, "is", bs::text[], ts from copied order by n`)
        expect(found(result)).toEqual(
          given.map((row) => ({ ...asRead(row), o: row.o, is: row.is, bs: row.bs.map(String), ts: row.ts })),
        )
      }),
      { numRuns: 150 },
    )
  })

  it('are refused here where a value does not fit its column', () => {
    const row: Row = {
      s: 0,
      i: 0,
      b: 0,
      large: 0n,
      at: 0,
      t: undefined,
      j: '{}',
      u: mintId(),
      f: 0,
      o: true,
      words: [],
      is: [],
      bs: [],
      ts: [],
    }
    const wrong: Partial<Row>[] = [
      { s: 2 ** 15 },
      { i: 2 ** 31 },
      { i: 0.5 },
      { b: 2 ** 53 },
      { large: 2n ** 63n },
      { b: Number.NaN },
      { is: [0.5] },
      { bs: [2n ** 63n] },
      { u: 'no-uuid' },
      { u: '0198c0de-0000-7000-8000-00000000000g' },
    ]
    for (const one of wrong) expect(() => copyOf(copied, [{ ...row, ...one }])).toThrow(RangeError)
  })

  it('are refused as a whole with the error of the server, and the connection goes on', async () => {
    const { done } = client.query(new CopyIn('copy copied (s) from stdin (format binary)', Buffer.from('no rows')))
    await expect(done).rejects.toMatchObject({ code: '22P04' })
    expect((await client.query('select 1 as one')).rows).toEqual([{ one: 1 }])
  })

  it('are refused when the connection ends before the server asks for them', async () => {
    const other = await pool.connect()
    other.on('error', () => undefined)
    const { rows } = await other.query<{ pid: number }>('select pg_backend_pid() as pid')
    await client.query('select pg_terminate_backend($1)', [rows[0]!.pid])
    const { done } = other.query(new CopyIn('copy copied (s) from stdin (format binary)', copyOf([], [])))
    await expect(done).rejects.toThrow(/terminat|closed|not queryable|EPIPE|ECONNRESET/i)
    other.release(true)
  })

  it('do not have their connection cut off by the time limit of queries once they are there', async () => {
    const limited = new pg.Client({ connectionString: database.url, query_timeout: 200 })
    await limited.connect()
    try {
      await limited.query('create temp table copied (s smallint)')
      await limited.query(new CopyIn('copy copied (s) from stdin (format binary)', copyOf([], []))).done
      ;(limited as pg.Client & { pipeline: boolean }).pipeline = true // as while a batch is sent
      await sleep(400)
      expect((await limited.query('select 1 as one')).rows).toEqual([{ one: 1 }])
    } finally {
      await limited.end()
    }
  })

  it('arrive by unnest as they were, whatever they hold', async () => {
    await fc.assert(
      fc.asyncProperty(rows, async (given) => {
        const result = await client.query(
          `${read}, words from (${selectOf(selected)}) r (s, i, b, large, at, t, j, u, jb, f, words)`,
          arraysOf(selected, given),
        )
        expect(found(result)).toEqual(given.map((row) => ({ ...asRead(row), words: row.words })))
      }),
      { numRuns: 150 },
    )
  })
})
