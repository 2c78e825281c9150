import pg from 'pg'
import { FunnelError } from '@funnel/events'

/** Milliseconds for a first answer. */
const PATIENCE = 10_000

/**
 * Throws UNAVAILABLE, naming the variable with host and port but no password, where PostgreSQL does not let us in; INVALID
 * where that is no address.
 */
export async function assertReachable(url: string, variable: string): Promise<void> {
  const where = hostOf(url, variable)
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: PATIENCE })
  client.on('error', () => undefined)
  try {
    await client.connect()
  } catch (error) {
    // of a host with several addresses only the code is told
    const { message, code } = error as NodeJS.ErrnoException
    throw new FunnelError(
      'UNAVAILABLE',
      `PostgreSQL at ${where}, which ${variable} names, cannot be reached (${message || code}): start it, or correct ${variable}`,
      {},
      error,
    )
  }
  await client.end()
}

function hostOf(url: string, variable: string): string {
  try {
    const { hostname, port } = new URL(url)
    return `${hostname}:${port || 5432}`
  } catch {
    throw new FunnelError('INVALID', `${variable} is no address: write postgresql://user:password@host:port/database`)
  }
}
