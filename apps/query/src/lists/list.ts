import type { Instant } from '@funnel/events'
import { basisColumns, millis, Parameters, schemaOf, type Statement } from '@funnel/ledger'
import type { Codec } from '../kpi/page.js'
import { isText } from '../kpi/page-state.js'
import { isTime } from '../kpi/question.js'

/** Where a page starts: after the subject with this time (null: it has none) and key. */
export type Place = readonly [at: Instant | null, key: string]

export const isPlace = (value: unknown): value is Place =>
  Array.isArray(value) && value.length === 2 && (value[0] === null || isTime(value[0])) && isText(value[1])

/** A row of a table: its key and the time it is listed by. */
export interface Subject {
  readonly key: string
  readonly at: Instant | null
}

/** A table of subjects as they stand, and how it is listed: newest first by `time`, those without a time last. */
export interface Table<Row extends Subject, Message> {
  readonly name: 'lead' | 'deal'
  readonly time: 'captured_at' | 'opened_at'
  /** SQL of the columns to give beside key and time. */
  readonly columns: string
  readonly codec: Codec<Message>
  readonly toMessage: (row: Row) => Message
}

/** What must hold: one of the texts in a column (or in a column of texts), or a half-open period. */
export type Condition =
  | { readonly column: string; readonly any: readonly string[]; readonly array?: boolean }
  | { readonly column: string; readonly from: number | undefined; readonly to: number | undefined }

/** The statement of one page, with the generation's row; one row with `key` null when there is nothing. */
export function planList(
  generation: number,
  { name, time, columns }: Pick<Table<Subject, unknown>, 'name' | 'time' | 'columns'>,
  conditions: readonly Condition[],
  after: Place | undefined,
  limit: number,
): Statement {
  const parameters = new Parameters()
  const id = parameters.add(generation)
  const terms = conditions.flatMap((condition) => termsOf(condition, parameters))
  if (after) {
    const [at, key] = after
    const next = parameters.add(key)
    terms.push(
      at === null
        ? `(t.${time} is null and t.${name} < ${next})`
        : `((t.${time}, t.${name}) < (${parameters.at(at)}, ${next}) or t.${time} is null)`,
    )
  }
  const where = terms.length ? `where ${terms.join(' and ')}` : ''
  return parameters.statement(
    generation,
    `with g as (select * from read.generation where id = ${id}),
t as (select * from ${schemaOf(generation)}.${name} t ${where} order by t.${time} desc nulls last, t.${name} desc limit ${parameters.add(limit)})
select ${basisColumns}, t.${name} key, ${millis(`t.${time}`)} at, ${columns} from g left join t on true order by t.${time} desc nulls last, t.${name} desc`,
  )
}

function termsOf(condition: Condition, parameters: Parameters): string[] {
  const column = `t.${condition.column}`
  if ('any' in condition) {
    if (!condition.any.length) return []
    return [
      condition.array
        ? `${column} && ${parameters.add(condition.any)}`
        : `${column} = any(${parameters.add(condition.any)})`,
    ]
  }
  return [
    ...(condition.from === undefined ? [] : [`${column} >= ${parameters.at(condition.from)}`]),
    ...(condition.to === undefined ? [] : [`${column} < ${parameters.at(condition.to)}`]),
  ]
}
