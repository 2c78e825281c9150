import { basisColumns, millis, Parameters, schemaOf, type Statement } from '@funnel/ledger'
import type { Instant } from '@funnel/events'
import { isInLog } from '../kpi/page-state.js'
import { isTime } from '../kpi/question.js'

/** Whose journey is asked for. */
export interface Subject {
  readonly kind: 'person' | 'account' | 'lead' | 'deal'
  readonly id: string
}

/** What of it. */
export interface Selection {
  readonly types: readonly string[]
  readonly from: Instant | undefined
  readonly to: Instant | undefined
}

/** After which event a page starts: (occurred, recorded, topic, partition, position). */
export type Place = readonly [occurred: Instant, recorded: Instant, topic: number, partition: number, position: number]

export const isPlace = (value: unknown): value is Place =>
  Array.isArray(value) && value.length === 5 && value.slice(0, 2).every(isTime) && isInLog(value.slice(2))

/** Where a journey begins: whom and what the subject names by itself. */
const seeds: Readonly<Record<Subject['kind'], (id: string, schema: string) => string>> = {
  person: (id) => `select 'person' kind, ${id} key`,
  account: (id, schema) => `
    select 'person' kind, key from ${schema}.node where account = ${id}
    union select 'deal', deal from ${schema}.deal where account = ${id}
    union select 'lead', lead from ${schema}.deal where account = ${id} and lead is not null
    union select 'person', person from ${schema}.deal where account = ${id} and person is not null`,
  lead: (id, schema) => `
    select 'lead' kind, ${id} key
    union select 'person', person from ${schema}.lead where lead = ${id} and person is not null
    union select 'visitor', data->>'visitor' from ${schema}.fact where stream = 'lead-' || ${id} and data->>'visitor' is not null`,
  deal: (id, schema) => `
    select 'deal' kind, ${id} key
    union select 'lead', lead from ${schema}.deal where deal = ${id} and lead is not null
    union select 'person', person from ${schema}.deal where deal = ${id} and person is not null
    union select 'person', l.person from ${schema}.deal d join ${schema}.lead l using (lead) where d.deal = ${id} and l.person is not null`,
}

/**
 * The statement of a page: first who and what belongs to the journey, then its events. One row at least, with the
 * generation's own columns; the event's are null where there is none.
 *
 * An id stands for the root that it was merged into, and the root for all that was merged into it. Of the leads that ever
 * named one of them only those count that are the root's now.
 *
 * What belongs to it is looked up one by one (`offset 0` keeps the planner from joins): how little it is the planner cannot
 * know, and would read all events there are instead.
 */
export function planJourney(
  generation: number,
  { kind, id }: Subject,
  { types, from, to }: Selection,
  after: Place | undefined,
  limit: number,
): Statement {
  const parameters = new Parameters()
  const schema = schemaOf(generation)
  const row = parameters.add(generation)
  const subject = `${parameters.add(id)}::text`
  const terms = [
    ...(types.length ? [`f.type = any(${parameters.add(types)})`] : []),
    ...(from === undefined ? [] : [`f.occurred_at >= ${parameters.at(from)}`]),
    ...(to === undefined ? [] : [`f.occurred_at < ${parameters.at(to)}`]),
  ]
  if (after) {
    const [occurred, recorded, topic, partition, position] = after
    terms.push(
      `(f.occurred_at, f.recorded_at, f.topic, f.partition, f.position) > (${parameters.at(occurred)}, ${parameters.at(recorded)}, ${parameters.add(topic)}, ${parameters.add(partition)}, ${parameters.add(position)})`,
    )
  }
  const node = (kind: string, key: string) =>
    `(select state from ${schema}.node where kind = '${kind}' and key = ${key} offset 0)`
  const order = 'occurred_at, recorded_at, topic, partition, "position"'
  return parameters.statement(
    generation,
    `with recursive g as (select * from read.generation where id = ${row}),
seed as (${seeds[kind](subject, schema)}),
up (key) as (
  select key from seed where kind = 'person'
  union select n.state->>'into' from up cross join lateral ${node('person', 'up.key')} n
  where n.state->>'into' is not null
),
root as (
  select up.key from up left join lateral ${node('person', 'up.key')} n on true where n.state->>'into' is null
),
person (key, root) as (
  select key, key from root
  union select a->>'person', p.root from person p cross join lateral ${node('person', 'p.key')} n
  cross join lateral json_array_elements(coalesce(n.state->'absorbed', '[]')) a
),
known as materialized (
  select p.root, n.state from person p cross join lateral ${node('person', 'p.key')} n
),
consent as materialized (
  select known.root, (c->>'given')::boolean given, (c->>'at')::bigint at, (c->>'seq')::bigint seq, c->>'id' id
  from known cross join lateral json_array_elements(coalesce(state->'consents', '[]')) c
),
visitor as (
  select key from seed where kind = 'visitor'
  union select t->>'visitor' from known cross join lateral json_array_elements(state->'touches') t
),
lead as (
  select key from seed where kind = 'lead'
  union select l.lead from known cross join lateral json_array_elements_text(state->'leads') k
  cross join lateral (select lead, person from ${schema}.lead where lead = k offset 0) l
  join root on root.key = l.person
),
deal as (
  select key from seed where kind = 'deal'
  union select d from lead
  cross join lateral ${node('lead', 'lead.key')} n
  cross join lateral json_array_elements_text(n.state->'deals') d
  union select d.deal from person p
  cross join lateral (select deal from ${schema}.deal where person = p.key offset 0) d
),
stream as (
  select 'visitor-' || key stream from visitor union all select 'person-' || key from person
  union all select 'lead-' || key from lead union all select 'deal-' || key from deal
  union all select 'sla-' || key from lead
),
e as (
  select f.* from stream
  cross join lateral (select * from ${schema}.fact where fact.stream = stream.stream offset 0) f ${terms.length ? `where ${terms.join(' and ')}` : ''}
  order by f.occurred_at, f.recorded_at, f.topic, f.partition, f.position limit ${parameters.add(limit)}
)
select ${basisColumns}, array(select key from person order by 1) persons, array(select key from lead order by 1) leads,
  array(select key from deal order by 1) deals,
  e.type = 'touchpoint.recorded' and (coalesce(e.data #>> '{consent,attribution}', '') = 'false' or (
    select not c.given from consent c join known k using (root) cross join lateral json_array_elements(k.state->'touches') t
    where t->>'visitor' = substr(e.stream, 9) and c.at < ${millis('e.occurred_at')}
    order by c.at desc, c.seq desc, c.id collate "C" desc limit 1
  )) is true unattributable,
  e.topic, e.partition, e."position", e.id, e.type, e.source, e.stream, e.version, ${millis('e.occurred_at')} "occurredAt",
  ${millis('e.recorded_at')} "recordedAt", e.data
from g left join e on true order by ${order.replaceAll(/(\w+|"position")/g, 'e.$1')}`,
  )
}
