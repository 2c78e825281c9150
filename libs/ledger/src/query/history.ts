import { appliedOf, type AppliedHistory } from '@funnel/definitions'
import { businessPartitions, topics, type definitionApplied, type EventOf, type Instant } from '@funnel/events'
import { millis, Parameters, schemaOf, type Statement } from './statement.js'

/** A version that a generation has folded, or nulls where there is none; and when the first business event was recorded. */
export interface HistoryRow {
  readonly data: EventOf<typeof definitionApplied>['data'] | null
  readonly recorded: Instant | null
  readonly first: Instant | null
}

const business = businessPartitions.map(([topic, partition]) => `(${topic}, ${partition})`)

/**
 * The statement that reads what a generation has folded about definitions. Its facts are its part of the log, saved with the
 * checkpoint. Queues lie beside the leads, and are no business yet.
 */
export function planHistory(generation: number): Statement {
  const fact = `${schemaOf(generation)}.fact`
  return new Parameters().statement(
    generation,
    `select data, ${millis('applied.recorded_at')} recorded, ${millis('begin.at')} first
     from (
       select min(first.recorded_at) as at from (values ${business.join()}) p (topic, partition) cross join lateral (
         select recorded_at from ${fact} f
         where f.topic = p.topic and f.partition = p.partition and type not like 'queue.%' order by "position" limit 1) first
     ) begin
     left join ${fact} applied on topic = ${topics.definitions.id} and type = 'definition.applied' order by "position"`,
  )
}

/** What these rows tell. */
export const historyOf = (rows: readonly HistoryRow[]): AppliedHistory => ({
  applied: rows.flatMap(({ data, recorded }) =>
    data && recorded !== null ? [appliedOf({ recorded, event: { data } })] : [],
  ),
  firstBusiness: rows[0]?.first ?? undefined,
})
