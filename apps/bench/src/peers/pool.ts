import pg from 'pg'

/**
 * A pool, ours or a peer's. Who uses a connection that is lost hears of it from the query; one that nobody uses is no failure.
 */
export function poolOf(url: string, connections: number, options?: string): pg.Pool {
  const pool = new pg.Pool({ connectionString: url, max: connections, ...(options !== undefined && { options }) })
  pool.on('error', () => undefined)
  pool.on('connect', (client) => client.on('error', () => undefined))
  return pool
}
