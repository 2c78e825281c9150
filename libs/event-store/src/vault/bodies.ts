import { addressesIn, hmacOf, readable } from './addresses.js'
import type { Query } from './identity.js'

/** Bodies looked at in one step. */
const STEP = 500

/**
 * Removes the bodies of refused input that name one of these persons by id, or anybody who is suppressed by an address,
 * so that an erasure that was broken off is made up for by the next. Gives their number.
 */
export async function eraseBodies(query: Query, key: Buffer, persons: readonly string[]): Promise<number> {
  const ids = persons.map((person) => JSON.stringify(person))
  let removed = 0
  for (let after = 0; ;) {
    const rows = await query<{ id: number; body: string }>(
      'select id, body from vault.raw where id > $1 order by id limit $2',
      [after, STEP],
    )
    const found = new Set<number>()
    const named = new Map<string, Set<number>>()
    for (const { id, body } of rows) {
      const text = readable(body)
      if (ids.some((person) => text.includes(person))) found.add(id)
      for (const address of addressesIn(body)) {
        const hmac = hmacOf(key, address).toString('hex')
        named.set(hmac, (named.get(hmac) ?? new Set()).add(id))
      }
    }
    const suppressed = await query<{ hmac: string }>(
      `select encode(hmac, 'hex') hmac from vault.suppressed where hmac = any ($1)`,
      [[...named.keys()].map((hmac) => Buffer.from(hmac, 'hex'))],
    )
    for (const { hmac } of suppressed) for (const id of named.get(hmac)!) found.add(id)
    if (found.size) await query(FORGET, [[...found]])
    removed += found.size
    if (rows.length < STEP) return removed
    after = rows.at(-1)!.id
  }
}

const FORGET = `
  with told as (
    update store.rejected_event set field = null, message = 'it named a person who was erased, and is not kept', raw = null
    where raw = any ($1) returning 1)
  delete from vault.raw where id = any ($1)`
