import type pg from 'pg'
import { derivedId, FunnelError, mintId, type Instant } from '@funnel/events'
import { createPool } from '@funnel/platform'
import { APPEND_SETTINGS, PATIENCE } from '../postgres/append-settings.js'
import { codeOf, translated } from '../postgres/errors.js'
import { emailAddress, hmacOf, keyed, personAddress, phoneAddress, type Address } from './addresses.js'
import { idsOf, notedStreamsOf, type Query } from './identity.js'

/** What can be told of a person. */
export const personalFields = [
  'email',
  'phone',
  'name',
  'firstName',
  'lastName',
  'jobTitle',
  'street',
  'city',
  'region',
  'postalCode',
  'country',
] as const
export type Personal = { readonly [Field in (typeof personalFields)[number]]?: string }

/** What an event tells of a person beside itself. */
export interface Introduction {
  /** The person's id, where the event says it; else e-mail address or telephone number tell who it is. */
  readonly person?: string
  readonly personal: Personal
  /** When the event happened: later ones are believed more. */
  readonly at: Instant
  /** It is a no to the purpose `profile`: the person is found or made by what is told, and none of it kept but as HMACs. */
  readonly withheld?: boolean
}

/** A note about a stream. */
export interface Note {
  readonly id: string
  readonly stream: string
  readonly text: string
}

/** What was removed. */
export interface Erased {
  readonly profiles: number
  readonly lookups: number
  readonly notes: number
  /** Bodies of refused input that named the person. */
  readonly bodies: number
}

/**
 * Where personal data is kept, and the only place; what is kept can be read by the vault's owner alone. Whatever it is told
 * is durable when it resolves. Throws UNAVAILABLE.
 */
export interface Vault {
  /**
   * Finds the person of each introduction, by its id, else by e-mail address, else by telephone number, or makes one; and
   * keeps what is told. Two first introductions with one address, at the same moment too, make one person. Gives the
   * person's id, or undefined where the person was erased: then nothing is kept. Nor is anything kept of one who withdrew
   * consent to the purpose `profile`.
   */
  introduce(introductions: readonly Introduction[]): Promise<readonly (string | undefined)[]>
  /** The id of a note: the same for the same text in the same request of a source. */
  noteId(source: string, key: string, text: string): string
  /** Keeps a note, once; none about a person who was erased. */
  keepNote(note: Note): Promise<void>
  /**
   * Removes what is kept of a person, under every id that is this person now, the notes about it, and every body of
   * refused input that names it. What stays is an HMAC of each of its addresses and ids, so that they are not kept again.
   * Safe to repeat.
   */
  erase(person: string): Promise<Erased>
  close(): Promise<void>
}

/** Another introduction may be the other half of a deadlock so many times. */
const ATTEMPTS = 10

/** Erasing looks at everything that is kept of refused input: that may take longer than an append. */
const ERASE_SETTINGS = APPEND_SETTINGS.replace(/-c transaction_timeout=\S+/, '')

/** Erasures share these; each holds one while it goes through the bodies. */
const ERASE_CONNECTIONS = 2
/** How long one statement of an erasure may take, in ms: longer only where the server hangs. */
const ERASE_PATIENCE = 120_000

/** The vault on PostgreSQL. Run `migrateStore` before. */
export async function openVault({ url, connections = 4 }: { url: string; connections?: number }): Promise<Vault> {
  const pool = createPool(url, 'funnel-vault', connections, APPEND_SETTINGS, PATIENCE)
  const key = await vaultKey(pool).catch(async (error: unknown) => {
    await pool.end()
    throw error
  })
  const query = queryOf(pool)
  // connects when there is somebody to erase
  const eraser = createPool(url, 'funnel-erase', ERASE_CONNECTIONS, ERASE_SETTINGS, ERASE_PATIENCE)

  return {
    async introduce(introductions) {
      if (!introductions.length) return []
      const entries = introductions.map((introduction, ord) => entryOf(key, introduction, ord))
      const rows = await query<{ ord: number; person: string | null }>('select * from vault.introduce($1)', [
        JSON.stringify(entries),
      ])
      const persons: (string | undefined)[] = introductions.map(() => undefined)
      for (const { ord, person } of rows) persons[ord] = person ?? undefined
      return persons
    },

    noteId: (source, request, text) => derivedId('note', source, request, keyed(key, 'note', text).toString('hex')),

    async keepNote({ id, stream, text }) {
      const person = /^person-(.*)$/s.exec(stream)?.[1]
      const self = person === undefined ? null : hmacOf(key, personAddress(person))
      await query('select vault.keep_note($1, $2, $3, $4)', [id, stream, text, self])
    },

    erase: (person) => erase(queryOf(eraser), key, person),

    async close() {
      await Promise.all([pool.end(), eraser.end()])
    },
  }
}

const queryOf =
  (pool: pg.Pool): Query =>
  async <Row extends object>(text: string, values: readonly unknown[]): Promise<Row[]> => {
    for (let attempt = 1; ; attempt++)
      try {
        return (await pool.query<Row>(text, [...values])).rows
      } catch (error) {
        if (codeOf(error) !== '40P01' || attempt === ATTEMPTS) throw translated(error)
      }
  }

async function erase(query: Query, key: Buffer, person: string): Promise<Erased> {
  const persons = await idsOf(query, person)
  const selves = persons.map((id) => hmacOf(key, personAddress(id)))
  const streams = await notedStreamsOf(query, persons)
  const [counts] = await query<Omit<Erased, 'bodies'>>('select * from vault.erase($1, $2, $3)', [
    persons,
    selves,
    streams,
  ])
  const found = await query<{ id: number }>('select id from vault.bodies_of($1) id', [persons])
  const bodies = found.map(({ id }) => id)
  await query(UNTOLD, [bodies])
  await query('select vault.forget_bodies($1)', [bodies])
  return { ...counts!, bodies: bodies.length }
}

/** The key of the HMACs. Throws UNAVAILABLE where there is no vault. */
async function vaultKey(pool: pg.Pool): Promise<Buffer> {
  try {
    const { rows } = await pool.query<{ key: Buffer }>('select key from vault.meta')
    if (rows[0]) return rows[0].key
  } catch (error) {
    if (codeOf(error) !== '42P01') throw translated(error)
  }
  throw new FunnelError('UNAVAILABLE', 'the database has no vault yet: run the migrations (funnel up does)')
}

/** What was refused and why is told without what may name the person. */
const UNTOLD = `
  update store.rejected_event set field = null, message = 'it named a person who was erased, and is not kept'
  where raw = any ($1)`

/** An introduction as `vault.introduce` takes it. */
function entryOf(key: Buffer, { person, personal, at, withheld = false }: Introduction, ord: number) {
  const { email, phone } = personal
  const hex = (address: Address | undefined) => address && `\\x${hmacOf(key, address).toString('hex')}`
  return {
    ord,
    person,
    self: hex(person === undefined ? undefined : personAddress(person)),
    email: hex(email === undefined ? undefined : emailAddress(email)),
    phone: hex(phone === undefined ? undefined : phoneAddress(phone)),
    minted: mintId(),
    // nothing, as of before anything: whatever is told at any time counts more
    data: withheld ? {} : personal,
    told_at: new Date(withheld ? 0 : at).toISOString(),
  }
}
