import type pg from 'pg'
import { appliedOf, type Applied } from '@funnel/definitions'
import { advanceHead, postgresEventTail } from '@funnel/event-log'
import { advance, FunnelError, upcast } from '@funnel/events'

const CHUNK = 1000

/**
 * The version of each definition that was applied last, by `<kind>/<id>`; nothing that was recorded before the call is
 * missing. Throws UNAVAILABLE.
 */
export async function lastApplied(pool: pg.Pool): Promise<ReadonlyMap<string, Applied>> {
  const tail = postgresEventTail(pool)
  const { positions } = await advanceHead(pool).catch(unavailable)
  const last = new Map<string, Applied>()
  for (let after = {}; ;) {
    const records = await tail.read(after, { definitions: positions.definitions ?? [] }, CHUNK)
    for (const record of records) {
      const event = upcast(record.event)
      if (event.type === 'definition.applied') last.set(event.data.definition, appliedOf({ ...record, event }))
    }
    if (records.length < CHUNK) return last
    after = advance(after, records)
  }
}

function unavailable(cause: unknown): never {
  throw new FunnelError(
    'UNAVAILABLE',
    'the event store does not answer, or was not made yet: start the workspace, or run `funnel migrate`',
    {},
    cause,
  )
}
