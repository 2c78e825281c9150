import type pg from 'pg'
import { occurredAt, type Envelope } from '@funnel/events'
import { createPool } from '@funnel/platform'
import { translated } from '../postgres/errors.js'
import { emailAddress, hmacOf } from './addresses.js'
import { idsOf, streamsOf, type Query } from './identity.js'

/** What a person may ask to see: all that is kept of it. Times as ISO 8601 in UTC. */
export interface PersonExport {
  /** Every id that is this person now. */
  readonly persons: readonly string[]
  readonly profiles: readonly {
    readonly person: string
    readonly data: Readonly<Record<string, string>>
    readonly toldAt: string
  }[]
  readonly notes: readonly {
    readonly id: string
    readonly stream: string
    readonly text: string
    readonly keptAt: string
  }[]
  /** The latest word on each purpose, and when it was said, as far as that can be true: see `occurredAt`. */
  readonly consent: Readonly<Record<string, { readonly given: boolean; readonly since: string }>>
  /** Everything that was recorded of it, of its visitors, leads and deals, in the order of the log. */
  readonly events: readonly {
    readonly stream: string
    readonly version: number
    readonly recorded: string
    readonly event: Envelope
  }[]
}

/**
 * All that is kept of a person, under every id that is this person now. Reads the vault, so it needs its owner's URL where
 * store and vault have roles of their own. Throws UNAVAILABLE.
 */
export async function exportPerson(url: string, vaultUrl: string, person: string): Promise<PersonExport> {
  const [store, vault] = [url, vaultUrl].map((one) => createPool(one, 'funnel-export', 1)) as [pg.Pool, pg.Pool]
  try {
    return await exportOf(queryOf(store), queryOf(vault), person)
  } catch (error) {
    throw translated(error)
  } finally {
    await Promise.all([store.end(), vault.end()])
  }
}

/** The person that an e-mail address belongs to, or undefined; asks the vault as its owner. Throws UNAVAILABLE. */
export async function personOfEmail(vaultUrl: string, email: string): Promise<string | undefined> {
  const pool = createPool(vaultUrl, 'funnel-export', 1)
  try {
    const query = queryOf(pool)
    const [meta] = await query<{ key: Buffer }>('select key from vault.meta', [])
    const [found] = await query<{ person: string }>('select person from vault.lookup where hmac = $1', [
      hmacOf(meta!.key, emailAddress(email)),
    ])
    return found?.person
  } catch (error) {
    throw translated(error)
  } finally {
    await pool.end()
  }
}

const queryOf =
  (pool: pg.Pool): Query =>
  async <Row extends object>(text: string, values: readonly unknown[]) =>
    (await pool.query<Row>(text, [...values])).rows

async function exportOf(store: Query, vault: Query, person: string): Promise<PersonExport> {
  const persons = await idsOf(store, person)
  const streams = await streamsOf(store, persons)
  const profiles = await vault<PersonExport['profiles'][number]>(
    `select person, data, ${iso('told_at')} "toldAt" from vault.profile
     where person = any ($1) and data <> '{}' order by person`,
    [persons],
  )
  const notes = await vault<PersonExport['notes'][number]>(
    `select id, stream, body as text, ${iso('kept_at')} "keptAt" from vault.note where stream = any ($1) order by kept_at, id`,
    [streams],
  )
  const events = await store<PersonExport['events'][number]>(
    `select stream, version, ${iso('recorded_at')} recorded, envelope as event from store.event
     where stream = any ($1) order by recorded_at, topic, partition, position`,
    [streams],
  )
  return { persons, profiles, notes, consent: consentOf(events), events }
}

function consentOf(events: PersonExport['events']): PersonExport['consent'] {
  const latest: Record<string, { given: boolean; since: string }> = {}
  const told = events
    .filter(({ event }) => event.type === 'person.consent-recorded')
    .map(({ recorded, event }) => ({ event, at: occurredAt({ recorded: Date.parse(recorded), event }) }))
  for (const { event, at } of told.toSorted((a, b) => a.at - b.at))
    for (const [purpose, given] of Object.entries((event.data as { purposes: Record<string, boolean> }).purposes))
      latest[purpose] = { given, since: new Date(at).toISOString() }
  return latest
}

const iso = (column: string): string => `to_char(${column} at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`
