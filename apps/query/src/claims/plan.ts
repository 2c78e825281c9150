import type { Instant } from '@funnel/events'
import { basisColumns, millis, Parameters, schemaOf, type Comparison, type Statement } from '@funnel/ledger'

/** An event, as a fact of the read model. */
const eventColumns = `f.topic, f.partition, f."position", f.id, f.type, f.source, f.stream, f.version,
  ${millis('f.occurred_at')} "occurredAt", ${millis('f.recorded_at')} "recordedAt", f.sequence, f.data`

/**
 * The statement of all events that claims on a subject rest on, in the total order, with the generation's own columns; one
 * row with `id` null when there is none. They are those of the subject, of its deals or lead, of every person and visitor
 * that these ever named, and of what was ever merged with them: who was whose at an instant is for the fold to say. Not
 * found, though they were known before, are a deal that belongs to another lead by now, and a visitor that was unlinked
 * since and is named by no lead.
 *
 * They are looked up one by one (`offset 0` keeps the planner from joins), as those of a journey are.
 */
export function planClaims(
  generation: number,
  { kind, id }: Comparison['subject'],
  knownAt: Instant | undefined,
  limit: number,
): Statement {
  const parameters = new Parameters()
  const schema = schemaOf(generation)
  const row = parameters.add(generation)
  const key = `${parameters.add(id)}::text`
  const known = knownAt === undefined ? '' : `where f.recorded_at <= ${parameters.at(knownAt)}`
  const facts = `(select * from ${schema}.fact where stream = m.kind || '-' || m.key offset 0)`
  const node = `(select state from ${schema}.node where kind = m.kind and key = m.key offset 0)`
  return parameters.statement(
    generation,
    `with recursive g as (select * from read.generation where id = ${row}),
member (kind, key) as (
  select '${kind}', ${key}
  union
  select n.kind, n.key from member m cross join lateral (
    select l.kind, f.data->>l.field from ${facts} f
    cross join (values ('lead', 'lead'), ('deal', 'deal'), ('visitor', 'visitor'), ('person', 'person'),
      ('person', 'absorbed'), ('person', 'into'), ('person', 'from')) l (kind, field)
    where f.data->>l.field is not null
    union all select 'deal', d from ${node} n cross join lateral json_array_elements_text(n.state->'deals') d
    where m.kind = 'lead'
    union all select 'visitor', t->>'visitor' from ${node} n cross join lateral json_array_elements(n.state->'touches') t
    where m.kind = 'person'
  ) n (kind, key)
),
f as (
  select f.* from member m cross join lateral ${facts} f ${known}
  order by f.recorded_at, f.topic, f.partition, f."position" limit ${parameters.add(limit)}
)
select ${basisColumns}, ${eventColumns}
from g left join f on true order by f.recorded_at, f.topic, f.partition, f."position"`,
  )
}
