import type pg from 'pg'
import { appliedOf, type Applied } from '@funnel/definitions'
import { advanceHead, postgresEventTail, readUpTo } from '@funnel/event-log'
import { FunnelError, upcast } from '@funnel/events'

/**
 * The version of each definition that was applied last, by `<kind>/<id>`; nothing that was recorded before the call is
 * missing. Throws UNAVAILABLE.
 */
export async function lastApplied(pool: pg.Pool): Promise<ReadonlyMap<string, Applied>> {
  const { positions } = await advanceHead(pool).catch(unavailable)
  const last = new Map<string, Applied>()
  for await (const record of readUpTo(postgresEventTail(pool), { definitions: positions.definitions ?? [] })) {
    const event = upcast(record.event)
    if (event.type === 'definition.applied') last.set(event.data.definition, appliedOf({ ...record, event }))
  }
  return last
}

function unavailable(cause: unknown): never {
  throw new FunnelError(
    'UNAVAILABLE',
    'the event store does not answer, or was not made yet: start the workspace, or run `funnel migrate`',
    {},
    cause,
  )
}
