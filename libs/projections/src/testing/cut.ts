import { setTimeout as sleep } from 'node:timers/promises'
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

/** A pool that fails where states are looked up. */
export const failingLookUps = (pool: pg.Pool): pg.Pool =>
  querying(pool, (query) => (...args) => {
    const { name = '' } = args[0] as { name?: string }
    return name.endsWith('.load') ? Promise.reject(cut()) : query(...args)
  })

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

/** A pool whose statements wait for so many milliseconds, in turn, before they are sent and after they were answered. */
export function slow(pool: pg.Pool, waits: readonly number[]): pg.Pool {
  let count = 0
  const wait = () => sleep(waits[count++ % waits.length])
  const slowed =
    (query: Query): Query =>
    async (...args) => {
      await wait()
      const answer = await query(...args)
      await wait()
      return answer
    }
  // of a transaction its beginning and its end: what is sent at once in between keeps its order
  const through = wrapped(
    pool,
    (query) =>
      (...args) =>
        (typeof args[0] === 'string' ? slowed(query) : query)(...args),
  )
  return querying(through, slowed)
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

/** A pool whose own `query` is another one. */
function querying(pool: pg.Pool, change: (query: Query) => Query): pg.Pool {
  const query = change((...args) => (pool.query as unknown as Query).apply(pool, [...args]))
  return new Proxy(pool, {
    get: (target, name) => (name === 'query' ? query : bound(target, name)),
  })
}

/** A pool on whose connections `query` is another one, made anew for each transaction. */
function wrapped(pool: pg.Pool, change: (query: Query) => Query): pg.Pool {
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

/** A property of an object; a method that stays its own. */
function bound(target: object, name: PropertyKey): unknown {
  const value: unknown = Reflect.get(target, name)
  return typeof value === 'function' ? (value as Query).bind(target) : value
}
