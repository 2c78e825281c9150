import type { Kpi } from '@funnel/definitions'
import type { Instant } from '@funnel/events'
import { belongs, maturity, type Cut } from './lines.js'
import { questionOfCell, type CellKey, type Question } from './question.js'
import { sidesOf, type Side, type SideName } from './side.js'
import { basisColumns, millis, Parameters, schemaOf, type BasisRow, type Statement } from './statement.js'

/**
 * Which entries are listed: those of one side of a cell by occurrence; or, by when they became known, those that count at
 * the cut and did not at an instant before, because they were not known or the window of their cohort was still open.
 */
export type Listing =
  | { readonly kind: 'cell'; readonly side: SideName; readonly cell: CellKey }
  | { readonly kind: 'known'; readonly after: Instant }

/** The place of an entry in a listing: what a page token holds. */
export type Place = readonly [
  at: Instant,
  topic: number,
  partition: number,
  position: number,
  ordinal: number,
  side: SideName,
]

/** An entry with its dimension values and the event that caused it, as its statement gives it; side is null for none. */
export interface EntryRow extends BasisRow {
  readonly side: SideName | null
  readonly topic: number
  readonly partition: number
  readonly position: number
  readonly ordinal: number
  readonly measure: string
  /** In digits: it may be more than a number holds. */
  readonly amount: string
  readonly currency: string | null
  readonly occurredAt: Instant
  readonly recordedAt: Instant
  readonly cohortAt: Instant | null
  readonly elapsed: number | null
  readonly subjectKind: string
  readonly subject: string
  readonly stage: string | null
  readonly dimensions: Readonly<Record<string, string>> | null
  readonly event: EventRow | null
}

/** The event behind an entry; `data` is what it says. */
export interface EventRow {
  readonly id: string
  readonly type: string
  readonly source: string
  readonly stream: string
  readonly version: number
  readonly occurredAt: Instant
  readonly recordedAt: Instant
  readonly data: unknown
}

/** The place of a listed row. */
export const placeOf = (row: EntryRow, { kind }: Listing): Place => [
  kind === 'cell' ? row.occurredAt : row.recordedAt,
  row.topic,
  row.partition,
  row.position,
  row.ordinal,
  row.side ?? 'numerator',
]

/**
 * The next `limit` entries of a listing after a place. The cut must be fixed (`knownAt` given), so that pages fit
 * together: what is recorded later belongs to none of them.
 */
export function planEntries(
  question: Question,
  kpi: Kpi,
  cut: Cut & { readonly knownAt: Instant },
  listing: Listing,
  after: Place | undefined,
  limit: number,
): Statement {
  const parameters = new Parameters()
  const schema = schemaOf(cut.generation)
  const generation = parameters.add(cut.generation)
  const sides = sidesOf(kpi.formula).filter(({ name }) => listing.kind === 'known' || name === listing.side)
  const time = listing.kind === 'cell' ? 'occurred_at' : 'recorded_at'
  const order = `${time}, topic, partition, position, ordinal, side`
  const most = parameters.add(limit)
  const page = (side: Side, only?: string) => {
    const terms = [conditions(side, question, cut, listing, parameters), ...(only === undefined ? [] : [only])]
    if (after) {
      const [at, topic, partition, position, ordinal, name] = after
      const place = [
        parameters.at(at),
        ...[topic, partition, position, ordinal].map((part) => parameters.add(part)),
        parameters.add(name),
      ]
      terms.push(`(e.${time}, e.topic, e.partition, e.position, e.ordinal, '${side.name}') > (${place.join(', ')})`)
    }
    return `(select '${side.name}' side, e.* from ${schema}.entry e where ${terms.join(' and ')} order by ${order} limit ${most})`
  }
  const pages = sides.flatMap((side) =>
    listing.kind === 'cell'
      ? [page(side)]
      : counted(side, cut, listing.after, parameters).map((only) => page(side, only)),
  )
  const text = `with g as (select * from read.generation where id = ${generation}),
e as (select * from (${pages.join('\n  union all\n  ')}) e order by ${order} limit ${most})
select ${basisColumns}, e.side, e.topic, e.partition, e.position, e.ordinal, e.measure, e.amount::text amount, e.currency,
  ${millis('e.occurred_at')} "occurredAt", ${millis('e.recorded_at')} "recordedAt", ${millis('e.cohort_at')} "cohortAt",
  e.elapsed_s elapsed, e.subject_kind "subjectKind", e.subject, e.stage, d.values dimensions,
  case when f.id is not null then jsonb_build_object('id', f.id, 'type', f.type, 'source', f.source, 'stream', f.stream,
    'version', f.version, 'occurredAt', ${millis('f.occurred_at')}, 'recordedAt', ${millis('f.recorded_at')}, 'data', f.data) end event
from g left join e on true
  left join ${schema}.dims d on d.id = e.dims
  left join ${schema}.fact f on (f.topic, f.partition, f.position) = (e.topic, e.partition, e.position)
order by e.${order.replaceAll(', ', ', e.')}`
  return parameters.statement(cut.generation, text)
}

function conditions(side: Side, question: Question, cut: Cut, listing: Listing, parameters: Parameters): string {
  const asked = listing.kind === 'cell' ? questionOfCell(question, listing.cell) : question
  const terms = [belongs(side, asked, cut, parameters)]
  if (side.matureAfter !== undefined) terms.push(`e.${side.at} <= ${maturity(side.matureAfter, cut, parameters)}`)
  return terms.join(' and ')
}

/**
 * SQL: what did not count yet as known at `after`: what was recorded later, and else what was in an open window. Each has an
 * index that finds it.
 */
function counted({ at, matureAfter }: Side, cut: Cut, after: Instant, parameters: Parameters): readonly string[] {
  const known = `e.recorded_at > ${parameters.at(after)}`
  if (matureAfter === undefined) return [known]
  const open = maturity(matureAfter, { ...cut, knownAt: after }, parameters)
  return [known, `e.recorded_at <= ${parameters.at(after)} and e.${at} > ${open}`]
}
