import type pg from 'pg'

type Query = (...args: readonly unknown[]) => Promise<unknown>

/** A pool whose connections fail at their n-th statement of a transaction, as a cut connection would. */
export function failing(pool: pg.Pool, statement: number): pg.Pool {
  return wrapped(pool, (query) => {
    let count = 0
    return (...args) =>
      args[0] !== 'rollback' && ++count === statement
        ? Promise.reject(new Error('the connection was cut'))
        : query(...args)
  })
}

/** A pool with a bug: what the statement of this name did is committed by itself, and the rest in another transaction. */
export function committingAfter(pool: pg.Pool, name: string): pg.Pool {
  return wrapped(pool, (query) => async (...args) => {
    const result = await query(...args)
    if ((args[0] as { name?: string }).name === name) {
      await query('commit')
      await query('begin')
    }
    return result
  })
}

/** A pool on whose connections `query` is another one, made anew for each transaction. */
function wrapped(pool: pg.Pool, change: (query: Query) => Query): pg.Pool {
  const bound = (target: object, name: PropertyKey) => {
    const value: unknown = Reflect.get(target, name)
    return typeof value === 'function' ? (value as Query).bind(target) : value
  }
  return new Proxy(pool, {
    get(target, name) {
      if (name !== 'connect') return bound(target, name)
      return async () => {
        const connection = await target.connect()
        const query = change((...args) => (connection.query as unknown as Query).apply(connection, [...args]))
        return new Proxy(connection, { get: (inner, field) => (field === 'query' ? query : bound(inner, field)) })
      }
    },
  })
}
