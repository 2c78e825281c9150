import type pg from 'pg'
import { CopyIn } from '../fold/copy-in.js'

type Query = (...args: readonly unknown[]) => unknown

const cut = () => new Error('the connection was cut')

/** A pool whose connections fail at each statement with this in it. */
export const failingAt = (pool: pg.Pool, text: string): pg.Pool =>
  wrapped(
    pool,
    (query) =>
      (...args) =>
        String(args[0]).includes(text) ? Promise.reject(cut()) : query(...args),
  )

/** A pool whose connections fail at their n-th statement of a transaction, as a cut connection would. */
export function failing(pool: pg.Pool, statement: number): pg.Pool {
  return wrapped(pool, (query) => {
    let count = 0
    return (...args) => {
      if (args[0] === 'rollback' || ++count !== statement) return query(...args)
      if (!(args[0] instanceof CopyIn)) return Promise.reject(cut())
      args[0].handleError(cut())
      return args[0]
    }
  })
}

/** A pool with a bug: what the statement of this name did is committed by itself, and the rest in another transaction. */
export function committingAfter(pool: pg.Pool, name: string): pg.Pool {
  return wrapped(pool, (query) => {
    const committing: Query = async (...args) => {
      const result = await query(...args)
      await query('commit')
      await query('begin')
      return result
    }
    return (...args) => ((args[0] as { name?: string }).name === name ? committing : query)(...args)
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
