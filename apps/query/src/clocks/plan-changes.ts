import { topics } from '@funnel/events'
import { millis, Parameters, schemaOf, type Statement } from '@funnel/ledger'
import type { EventRow } from '../kpi/wire.js'
import { clockColumns, headColumns, type ClockRow, type HeadRow, type Selection } from './plan.js'

/** What was said of a clock, and its row; `id` is null where nothing was, `key` where the clock could not be folded. */
export type ChangeRow = ClockRow & EventRow & { readonly key: string | null }

/**
 * The statement of what was said of clocks after a place in each partition, in the order of the log; one row with `id`
 * null where nothing was. A clock that was somebody's until then counts as theirs.
 *
 * Both lookups are by a key, clock by clock and partition by partition (`offset 0` keeps the planner from joins): how little
 * came after the place it cannot know.
 */
export function planChanges(
  generation: number,
  { policies, parties, owners, teams, leads, overdue }: Omit<Selection, 'over'>,
  after: readonly number[],
  limit: number,
): Statement {
  const parameters = new Parameters()
  const schema = schemaOf(generation)
  const id = parameters.add(generation)
  const fixed = termsOf({ policy: policies, party: parties, lead: leads }, parameters)
  const holders = termsOf({ owner: owners, team: teams }, parameters)
  const terms = [
    `f.data->>'clock' is not null`,
    ...fixed.map((term) => term('f')),
    ...(holders.length
      ? [
          `(${allOf(holders, 'f')} or exists (
      select from (
        select p.data from ${schema}.fact p
        where p.stream = f.stream and p.version < f.version and p.data->>'clock' = f.data->>'clock' order by p.version desc limit 1
      ) p where ${allOf(holders, 'p')}))`,
        ]
      : []),
    ...(overdue ? [`(t.missed or f.data #>> '{corrects,outcome}' in ('breached', 'ended'))`] : []),
  ]
  const places = `${parameters.add(after.map(String))}::bigint[]`
  const most = parameters.add(limit)
  return parameters.statement(
    generation,
    `with g as (select * from read.generation where id = ${id}),
e as (
  select e.* from unnest(${places}) with ordinality as place (after, nth)
  cross join lateral (
    select f.topic, f.partition, f."position", f.id, f.type, f.source, f.stream, f.version, ${millis('f.occurred_at')} "occurredAt",
      f.recorded_at, f.data, ${clockColumns}
    from ${schema}.fact f left join lateral (
      select * from ${schema}.clock where key = case when f.data->>'lead' is null then f.data->>'clock' else f.data->>'lead' || '/' || (f.data->>'clock') end offset 0
    ) t on true
    where f.topic = ${topics.sla.id} and f.partition = place.nth - 1 and f."position" > place.after and ${terms.join(' and ')}
    order by f."position" limit ${most}
  ) e
  order by e.recorded_at, e.partition, e."position" limit ${most}
)
select ${headColumns}, e.*, ${millis('e.recorded_at')} "recordedAt"
from g left join e on true order by e.recorded_at, e.partition, e."position"`,
  )
}

type Term = (of: string) => string

/** What must hold of an event that has one of the values in each field; an empty list asks for nothing. */
const termsOf = (fields: Readonly<Record<string, readonly string[]>>, parameters: Parameters): Term[] =>
  Object.entries(fields).flatMap(([field, any]) => {
    if (!any.length) return []
    const values = parameters.add(any)
    return [(of: string) => `${of}.data->>'${field}' = any(${values})`]
  })

const allOf = (terms: readonly Term[], of: string): string => `(${terms.map((term) => term(of)).join(' and ')})`

/** The places after rows of the statement that follow these. */
export const advanced = (places: readonly number[], rows: readonly ChangeRow[]): readonly number[] => {
  const reached = new Map(rows.map(({ partition, position }) => [partition, position]))
  return places.map((place, partition) => reached.get(partition) ?? place)
}

/** Where a generation has folded to, in each partition. */
export const headOf = ({ positions }: HeadRow): readonly number[] =>
  Array.from({ length: topics.sla.partitions }, (_, partition) => positions?.[partition] ?? 0)
