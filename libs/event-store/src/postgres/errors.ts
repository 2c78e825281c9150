import { FunnelError } from '@funnel/events'
import { knownId, versionConflict } from '../refusals.js'

/** The SQLSTATE of a PostgreSQL error, or the system's code of a broken connection, or ''. */
export const codeOf = (error: unknown): string => (error as { code?: string } | undefined)?.code ?? ''

/** Classes of SQLSTATE that say our statement is wrong, not that the server is in trouble. */
const OUR_FAULT = /^(0A|21|42|P0|XX)...$/

/** What went wrong in PostgreSQL, in the platform's own words. */
export function translated(error: unknown): FunnelError {
  if (error instanceof FunnelError) return error
  const code = codeOf(error)
  if (code === 'FN001') return versionConflict(detailOf(error) as Parameters<typeof versionConflict>[0])
  if (code === 'FN002') return knownId(detailOf(error) as Parameters<typeof knownId>[0])
  // 22: a value that PostgreSQL cannot hold; the door refuses these before they come here
  if (code.startsWith('22')) return new FunnelError('INVALID', 'the store cannot hold a value of this event', {}, error)
  if (OUR_FAULT.test(code))
    return new FunnelError('INTERNAL', `the event store refused our statement (${code})`, { code }, error)
  return new FunnelError('UNAVAILABLE', 'the event store did not answer; try again', { retryAfter: 1 }, error)
}

/** What our own functions raise says more in its detail. */
const detailOf = (error: unknown): unknown => JSON.parse((error as { detail: string }).detail)
