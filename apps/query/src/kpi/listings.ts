import type { Kpi } from '@funnel/definitions'
import { FunnelError, type Instant } from '@funnel/events'

import {
  asked,
  invalid,
  planEntries,
  planTotal,
  quantityOf,
  sidesOf,
  type AnswerRow,
  type BasisRow,
  type EntryRow,
  type Listing,
  type Place,
  type Quantity,
  type Question,
} from '@funnel/ledger'
import type { Patience } from '@funnel/platform/grpc'
import { GenerationDropped, type ReadDatabase } from '../read/database.js'
import type { Generations } from '../read/generations.js'

/** Entries of a listing: of which KPI, and on what they rest. */
export interface Listed {
  readonly kpi: Kpi
  /** Its watermark is what the listing is complete to. */
  readonly basis: BasisRow
  readonly entries: readonly EntryRow[]
}

/** What a page token fixes: the generation, the instant of knowing and the version of the KPI, so that pages fit together. */
export interface Fixed {
  readonly generation: number
  readonly knownAt: Instant
  readonly version: number
}

/** Lists entries page by page. */
export class Listings {
  readonly #database: ReadDatabase
  readonly #generations: Generations

  constructor(database: ReadDatabase, generations: Generations) {
    this.#database = database
    this.#generations = generations
  }

  /**
   * What a first page is fixed to: the live generation, what is known at `knownAt` but never beyond its watermark, and the
   * version of the KPI that is asked.
   */
  async fix(question: Question, patience: Patience): Promise<Fixed> {
    const live = await this.#generations.current()
    const { version } = asked(question, live.definitions, live.versions.kpis)
    const [row] = await this.#database.rows<{ w: Instant | null }>(
      {
        name: 'watermark',
        text: `select (extract(epoch from w) * 1000)::bigint w from read.generation where id = $1`,
        values: [live.id],
      },
      patience,
    )
    const w = row?.w ?? 0
    return { generation: live.id, knownAt: Math.min(question.knownAt ?? w, w), version }
  }

  /** The next `limit` entries of a listing after a place. */
  async entries(
    question: Question,
    fixed: Fixed,
    listing: Listing,
    after: Place | undefined,
    limit: number,
    patience: Patience,
  ): Promise<Listed> {
    const { kpi } = await this.#definedIn(question, fixed)
    if (listing.kind === 'cell' && sidesOf(kpi.formula).every(({ name }) => name !== listing.side))
      invalid('side', `${kpi.id} has no ${listing.side}`)
    const statement = planEntries(question, kpi, fixed, listing, after, limit)
    const rows = await this.#rows<EntryRow>(statement, patience)
    const [basis] = rows
    if (!basis) throw gone()
    return { kpi, basis: upTo(fixed.knownAt, basis), entries: rows.filter(({ side }) => side !== null) }
  }

  /** What all pages of a cell's side add up to; undefined where no number holds it exactly. */
  async total(
    question: Question,
    fixed: Fixed,
    listing: Listing & { kind: 'cell' },
    patience: Patience,
  ): Promise<Quantity | undefined> {
    const { kpi, rolled } = await this.#definedIn(question, fixed)
    const statement = planTotal(question, kpi, { ...fixed, rolled }, listing.side, listing.cell)
    const rows = await this.#rows<AnswerRow>(statement, patience)
    return quantityOf(rows.flatMap((row) => (row.side === null ? [] : [{ ...row, amount: BigInt(row.amount) }])))
  }

  /** Page tokens outlive a switch as long as the old generation is there; it is asked with its own definitions. */
  async #definedIn(question: Question, fixed: Fixed): Promise<{ kpi: Kpi; rolled: readonly string[] }> {
    const { versions, definitions, rolled } = await orGone(this.#generations.definitionsOf(fixed.generation))
    return { kpi: asked({ ...question, definitionVersion: fixed.version }, definitions, versions.kpis), rolled }
  }

  #rows<Row>(statement: Parameters<ReadDatabase['rows']>[0], patience: Patience): Promise<Row[]> {
    return orGone(this.#database.rows<Row>(statement, patience))
  }
}

/** The basis of a listing that knows no more than it did at its first page, however far the generation has come. */
const upTo = (knownAt: Instant, basis: BasisRow): BasisRow => ({
  ...basis,
  w: basis.w === null ? null : Math.min(basis.w, knownAt),
})

async function orGone<T>(reading: Promise<T>): Promise<T> {
  try {
    return await reading
  } catch (error) {
    throw error instanceof GenerationDropped ? gone() : error
  }
}

const gone = () =>
  new FunnelError('NOT_FOUND', 'The read model of the first page has been replaced: start again without a page token', {
    field: 'page_token',
  })
