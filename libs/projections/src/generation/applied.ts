import type { AppliedHistory } from '@funnel/definitions'
import { readUpTo, type EventTail } from '@funnel/event-log'
import { upcast, type Head } from '@funnel/events'
import { historyOf, planHistory, type HistoryRow } from '@funnel/ledger'
import type { Generation, Queryable } from './generation.js'

/** What a generation has folded about definitions: what its fold goes on from. */
export async function foldedHistory(db: Queryable, { id }: Pick<Generation, 'id'>): Promise<AppliedHistory> {
  const { name, text } = planHistory(id)
  const { rows } = await db.query<HistoryRow>({ name, text })
  return historyOf(rows)
}

/** The definitions, by `<kind>/<id>`, of which a version was applied in the log up to a head. */
export async function appliedUpTo(tail: EventTail, { positions }: Head): Promise<ReadonlySet<string>> {
  const applied = new Set<string>()
  for await (const record of readUpTo(tail, { definitions: positions.definitions ?? [] })) {
    const event = upcast(record.event)
    if (event.type === 'definition.applied') applied.add(event.data.definition)
  }
  return applied
}
