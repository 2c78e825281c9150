import pg from 'pg'

/** A pool of a peer's. A connection that is still being closed when its database is dropped is no failure. */
export function poolOf(url: string, connections: number, options?: string): pg.Pool {
  const pool = new pg.Pool({ connectionString: url, max: connections, ...(options !== undefined && { options }) })
  pool.on('error', () => undefined)
  return pool
}
