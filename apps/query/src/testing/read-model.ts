import type { Definitions } from '@funnel/definitions'
import { randomUUID } from 'node:crypto'

import pg from 'pg'
import { dimsId } from '@funnel/ledger'
import { createPool } from '@funnel/platform'
import { createGeneration, generationOf, migrateRead, seal, switchTo } from '@funnel/projections'

/** A line of a hand-written ledger; times are ISO texts. What is left out is null, or the first event of its stream. */
export interface Line {
  readonly measure: string
  readonly amount?: number
  readonly currency?: string
  readonly occurred: string
  readonly recorded?: string
  readonly cohort?: string
  readonly elapsed?: number
  readonly kind?: 'lead' | 'deal' | 'visitor' | 'person' | 'clock'
  readonly subject: string
  readonly stage?: string
  readonly dims?: Readonly<Record<string, string>>
}

/** The tables of the read side, filled by hand: what query is told when the numbers are to be known beforehand. */
export class HandMadeReadModel {
  readonly pool: pg.Pool
  readonly #url: string
  #position = 0

  constructor(url: string) {
    this.#url = url
    this.pool = createPool(url, 'hand-made', 2)
  }

  /** Makes a generation with its tables; a live one is generation 1, a second one 2, and so on. */
  async createGeneration(definitions: Definitions, state: 'building' | 'live' = 'live'): Promise<number> {
    await migrateRead(this.#url)
    const { id } = await createGeneration(this.pool, { definitions, epoch: randomUUID(), state })
    await this.pool.query(`update read.generation set positions = '{"leads": [0, 7]}' where id = $1`, [id])
    return id
  }

  /** Books lines, each caused by an event of its own, and moves the watermark; one transaction, as the projector does. */
  async fold(generation: number, w: string, lines: readonly Line[] = []): Promise<void> {
    const schema = `gen_${generation}`
    const rows = lines.map((line) => ({
      position: ++this.#position,
      measure: line.measure,
      amount: line.amount ?? 1,
      currency: line.currency ?? null,
      occurred_at: line.occurred,
      recorded_at: line.recorded ?? line.occurred,
      cohort_at: line.cohort ?? null,
      elapsed_s: line.elapsed ?? null,
      subject_kind: line.kind ?? 'lead',
      subject: line.subject,
      stage: line.stage ?? null,
      dims: dimsId(line.dims ?? {}).toString(), // as text, because it may exceed what JSON numbers hold
      values: line.dims ?? {},
    }))
    const client = await this.pool.connect()
    try {
      await client.query('begin')
      await client.query('update read.generation set fold = fold + 1, w = $2 where id = $1', [generation, w])
      const json = JSON.stringify(rows)
      await client.query(
        `insert into ${schema}.dims select distinct dims, values from json_to_recordset($1) as r(dims bigint, values jsonb) on conflict do nothing`,
        [json],
      )
      await client.query(
        `insert into ${schema}.entry select 2, 1, position, 0, measure, amount, currency, occurred_at, recorded_at, cohort_at, elapsed_s,
           subject_kind, subject, stage, dims
         from json_to_recordset($1) as r(position bigint, measure text, amount bigint, currency text, occurred_at timestamptz,
           recorded_at timestamptz, cohort_at timestamptz, elapsed_s bigint, subject_kind text, subject text, stage text, dims bigint)`,
        [json],
      )
      await client.query(
        `insert into ${schema}.fact select 2, 1, position, gen_random_uuid(), 'test.' || measure, subject_kind || '-' || subject, 1, 'test',
           occurred_at, recorded_at, jsonb_build_object('subject', subject), null, false
         from json_to_recordset($1) as r(position bigint, measure text, occurred_at timestamptz, recorded_at timestamptz, subject_kind text, subject text)`,
        [json],
      )
      await client.query('commit')
      await client.query(`select pg_notify('funnel_read', $1)`, [String(generation)])
    } finally {
      client.release()
    }
  }

  /** Adds up the entries below the watermark in slices of about so many. */
  async seal(generation: number, size: number): Promise<void> {
    await seal(this.pool, await generationOf(this.pool, generation), { size })
  }

  /** Forgets every entry. */
  async clear(generation: number): Promise<void> {
    const tables = ['entry', 'fact', 'dims', 'slice', 'roll'].map((table) => `gen_${generation}.${table}`)
    await this.pool.query(`truncate ${tables.join(', ')}`)
  }

  /** Makes a generation live in place of the other, as a rebuild does at its end. */
  async switchTo(generation: number): Promise<void> {
    if (!(await switchTo(this.pool, generation))) throw new Error(`generation ${generation} lags behind`)
  }

  async close(): Promise<void> {
    await this.pool.end()
  }
}
