import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import type pg from 'pg'
import type { QueryRunner } from 'typeorm'
import { mintId, type Envelope } from '@funnel/events'
import { createPool } from '@funnel/platform'
import { testDatabase, type TestDatabase } from '@funnel/testing'
import { captured } from '../event-store.contract.js'
import type { EventStore } from '../event-store.js'
import { IntroduceInOrder1764000000014 } from '../migrations/1764000000014-introduce-in-order.js'
import { ConsentTimes1764000000015 } from '../migrations/1764000000015-consent-times.js'
import { migrateStore } from '../migrations/index.js'
import { openEventStore } from '../postgres/postgres-event-store.js'
import { exportPerson, personOfEmail } from './export.js'
import { openVault, type Introduction, type Vault } from './vault.js'

const at = Date.UTC(2026, 0, 5, 12)
const HOUR = 3_600_000

describe('The vault', () => {
  let database: TestDatabase
  let pool: pg.Pool
  let store: EventStore
  let vault: Vault
  beforeAll(async () => {
    database = await testDatabase()
    await migrateStore(database.url)
    pool = createPool(database.url, 'test', 2)
    store = await openEventStore({ url: database.url })
    vault = await openVault({ url: database.url, connections: 8 })
  })
  beforeEach(() =>
    pool.query(
      `truncate store.event, store.rejected_event, vault.raw, vault.profile, vault.lookup, vault.note, vault.suppressed`,
    ),
  )
  afterAll(async () => {
    await Promise.all([vault.close(), store.close(), pool.end()])
    await database.drop()
  })

  const introduce = async (...introductions: Partial<Introduction>[]) =>
    vault.introduce(introductions.map((one) => ({ personal: {}, at, ...one })))
  const one = async (introduction: Partial<Introduction>) => (await introduce(introduction))[0]
  const profile = async (person: string | undefined) =>
    (await pool.query<{ data: object }>('select data from vault.profile where person = $1', [person])).rows[0]?.data
  const event = (type: string, key: string, data: Record<string, unknown>, time = at): Envelope =>
    captured(key, { id: mintId(), type, dataschema: `${type}:1`, time: new Date(time).toISOString(), data })
  const record = (...events: Envelope[]) => store.append({ events })
  const everything = async () => {
    const { rows } = await pool.query<{ text: string }>(
      `select coalesce(string_agg(t.text, E'\\n'), '') as text from (
         select x::text as text from vault.profile x union all select x::text from vault.note x union all
         select x::text from vault.raw x union all select x::text from store.rejected_event x union all
         select x::text from vault.lookup x union all select x::text from vault.suppressed x) t`,
    )
    return rows[0]!.text
  }

  it('introduces as before once its newest migrations were undone, and done again', async () => {
    const runner = { query: (sql: string) => pool.query(sql) } as unknown as QueryRunner
    const newest = [new IntroduceInOrder1764000000014(), new ConsentTimes1764000000015()]
    for (const migration of newest.toReversed()) await migration.down(runner)
    const ann = await one({ personal: { email: 'ann@example.com', name: 'Ann' } })
    for (const migration of newest) await migration.up(runner)
    expect(await one({ personal: { email: 'ann@example.com', city: 'Kiel' } })).toBe(ann)
    expect(await profile(ann)).toEqual({ email: 'ann@example.com', name: 'Ann', city: 'Kiel' })
  })

  describe('introduces', () => {
    it('one person under one address, however it is written and whatever else is told', async () => {
      const ann = await one({ personal: { email: 'ann@example.com', name: 'Ann' } })
      expect(ann).toMatch(/^[0-9a-f-]{36}$/)
      expect(await one({ personal: { email: ' ANN@example.com', phone: '+49 170 1234567' } })).toBe(ann)
      expect(await one({ personal: { phone: '0049 170 1234567', city: 'Kiel' } })).toBe(ann)
      expect(await profile(ann)).toEqual({
        email: ' ANN@example.com',
        phone: '0049 170 1234567',
        name: 'Ann',
        city: 'Kiel',
      })
      expect(await one({ personal: { email: 'bob@example.com' } })).not.toBe(ann)
    })

    it('ONE person where two first events with one e-mail address come at once', async () => {
      for (let round = 0; round < 10; round++) {
        const email = `first-${round}@example.com`
        const found = await Promise.all(
          Array.from({ length: 8 }, (_, i) => one({ personal: { email, phone: `0170 00000${round}${i % 2}` } })),
        )
        expect(new Set(found).size).toBe(1)
      }
      const { rows } = await pool.query('select from vault.profile')
      expect(rows).toHaveLength(10)
    })

    it('many at once in any order, without waiting for each other in a circle', async () => {
      const emails = Array.from({ length: 40 }, (_, i) => `p${i}@example.com`)
      const batch = (shift: number) =>
        introduce(...emails.map((_, i) => ({ personal: { email: emails[(i * 7 + shift) % 40]!, phone: `017${i}` } })))
      await Promise.all(Array.from({ length: 8 }, (_, i) => batch(i)))
      const { rows } = await pool.query('select from vault.profile')
      expect(rows).toHaveLength(40)
    })

    it('the same persons by e-mail here and by telephone there without a deadlock, known or new', async () => {
      const deadlocks = async () => {
        await pool.query('select pg_stat_clear_snapshot()')
        const { rows } = await pool.query<{ n: number }>(
          'select deadlocks n from pg_stat_database where datname = current_database()',
        )
        return rows[0]!.n
      }
      const before = await deadlocks()
      const email = (i: number) => ({ email: `q${i}@example.com` })
      const phone = (i: number) => ({ phone: `0170 1000${String(i).padStart(3, '0')}` })
      const all = Array.from({ length: 40 }, (_, i) => i)
      for (const known of [false, true]) {
        const batches = Array.from({ length: 24 }, (_, batch) =>
          all.map((_, i) => {
            const person = (i * 7 + batch * 3) % 40
            const both = !known && (person + batch) % 3 === 0
            return {
              personal: both ? { ...email(person), ...phone(person) } : (i + batch) % 2 ? email(person) : phone(person),
            }
          }),
        )
        await Promise.all(batches.map((batch) => introduce(...batch)))
        await introduce(...all.map((i) => ({ person: `q-${i}`, personal: { ...email(i), ...phone(i) } })))
      }
      expect(await deadlocks()).toBe(before)
    })

    it('whom the event names, and leaves an address with the person that it was told of first', async () => {
      expect(await one({ person: 'p-1', personal: { email: 'ann@example.com' } })).toBe('p-1')
      expect(await one({ personal: { email: 'ann@example.com' } })).toBe('p-1')
      expect(await one({ person: 'p-2', personal: { email: 'ann@example.com', name: 'Other' } })).toBe('p-2')
      expect(await one({ personal: { email: 'ann@example.com' } })).toBe('p-1')
      expect(await profile('p-2')).toEqual({ email: 'ann@example.com', name: 'Other' })
    })

    it('and believes the later event, whichever comes first', async () => {
      const person = 'p-1'
      await one({ person, personal: { name: 'Ann New', city: 'Kiel' }, at: at + HOUR })
      await one({ person, personal: { name: 'Ann Old', jobTitle: 'CTO' }, at })
      expect(await profile(person)).toEqual({ name: 'Ann New', city: 'Kiel', jobTitle: 'CTO' })
      await one({ person, personal: { name: 'Ann Newest' }, at: at + 2 * HOUR })
      expect(await profile(person)).toEqual({ name: 'Ann Newest', city: 'Kiel', jobTitle: 'CTO' })
    })

    it('keeps no address but as an HMAC', async () => {
      await one({ person: 'p-1', personal: { email: 'ann@example.com', phone: '0170 1234567' } })
      const { rows } = await pool.query<{ text: string }>('select x::text as text from vault.lookup x')
      expect(rows).toHaveLength(2)
      for (const { text } of rows) expect(text).not.toMatch(/ann|1234567/)
    })

    it('row 76: and keeps nothing of one who withdrew consent to a profile, until it is given again', async () => {
      const person = (await one({ personal: { email: 'ann@example.com', name: 'Ann' } }))!
      const consent = (profile: boolean, time: number) =>
        record(event('person.consent-recorded', person, { person, purposes: { profile, mail: true } }, time))
      await consent(false, at + HOUR)
      await consent(true, at) // told late, but earlier
      expect(await one({ personal: { email: 'ann@example.com', city: 'Kiel' }, at: at + 2 * HOUR })).toBe(person)
      expect(await one({ person, personal: { phone: '0170 1234567' }, at: at + 2 * HOUR })).toBe(person)
      expect(await profile(person)).toEqual({ email: 'ann@example.com', name: 'Ann' })
      expect(await one({ personal: { phone: '0170 1234567' } })).not.toBe(person)
      await consent(true, at + 2 * HOUR)
      await one({ personal: { email: 'ann@example.com', city: 'Kiel' } })
      expect(await profile(person)).toMatchObject({ city: 'Kiel' })
    })

    it('row 76: and does not believe a consent of the future more than what is said later', async () => {
      for (const [person, future] of [
        ['p-1', Date.UTC(2999, 0, 1)],
        ['p-2', Date.UTC(10_000, 0, 1)], // as was once taken
      ] as const) {
        const consent = (profile: boolean, time: number) =>
          record(event('person.consent-recorded', person, { person, purposes: { profile } }, time))
        await consent(true, future)
        await consent(false, Date.now())
        await one({ person, personal: { name: 'Bob' } })
        expect(await profile(person)).toBeUndefined()
        await consent(true, Date.now() + 1000)
        await one({ person, personal: { name: 'Bob' } })
        expect(await profile(person)).toEqual({ name: 'Bob' })
      }
    })
  })

  describe('keeps a note', () => {
    it('once, under an id that is the same for the same text in the same request', async () => {
      const id = vault.noteId('/crm', 'k', 'Wants a call.\nSoon.')
      for (let i = 0; i < 2; i++) await vault.keepNote({ id, stream: 'lead-1', text: 'Wants a call.\nSoon.' })
      const { rows } = await pool.query('select id, stream, body from vault.note')
      expect(rows).toEqual([{ id, stream: 'lead-1', body: 'Wants a call.\nSoon.' }])
      expect(vault.noteId('/crm', 'k', 'Wants a call.\nSoon.')).toBe(id)
      const others = [
        vault.noteId('/crm', 'k', 'another text'),
        vault.noteId('/crm', 'l', 'Wants a call.\nSoon.'),
        vault.noteId('/shop', 'k', 'Wants a call.\nSoon.'),
      ]
      expect(new Set([id, ...others]).size).toBe(4)
    })
  })

  describe('row 77: erases', () => {
    const planted = {
      email: 'Planted@Example.com',
      phone: '+49 170 7654321',
      name: 'Planted Name',
      city: 'Plantedtown',
    }
    const rejected = (body: string, field?: string) =>
      store.reject([{ source: '/site', code: 'INVALID', message: 'wrong', body, ...(field && { field }) }])

    it('profile, addresses, notes, and refused bodies that name the person, and nothing of anybody else', async () => {
      const person = (await one({ personal: { ...planted, email: 'planted.old@example.com' } }))!
      await one({ person, personal: planted, at: at + HOUR })
      const other = await one({ personal: { email: 'other@example.com', name: 'Other' } })
      await record(
        event('lead.captured', 'l-1', { lead: 'l-1', person }),
        event('lead.captured', 'l-2', { lead: 'l-2', visitor: 'v-1' }),
        event('visitor.identified', 'v-1', { visitor: 'v-1', person }),
        event('lead.captured', 'l-3', { lead: 'l-3', person: other }),
        event('deal.opened', 'd-1', { deal: 'd-1', person }),
      )
      for (const stream of [`person-${person}`, 'lead-l-1', 'lead-l-2', 'deal-d-1', 'lead-l-3'])
        await vault.keepNote({ id: mintId(), stream, text: `Planted note about ${stream}` })
      await rejected(JSON.stringify({ email: 'planted@example.com', text: 'Planted body' }), 'data.planted@example.com')
      await rejected('no JSON, but PLANTED.OLD@example.com')
      await rejected(JSON.stringify({ tel: '0049 170 765-4321', text: 'Planted body' }))
      await rejected(JSON.stringify({ data: { person, text: 'Planted body' } }))
      await rejected(JSON.stringify({ email: 'other@example.com' }))
      const before = await everything()
      for (const text of ['Planted@Example.com', 'PLANTED.OLD', '7654321', 'Planted body', 'Planted note'])
        expect(before).toContain(text)

      expect(await vault.erase(person)).toEqual({ profiles: 1, lookups: 3, notes: 4, bodies: 4 })
      const after = await everything()
      expect(after).not.toMatch(/planted@|planted\.old|7654321|765-4321|Planted body|Planted Name|Plantedtown/i)
      expect(after.match(/Planted note about [\w-]+/g)).toEqual(['Planted note about lead-l-3'])
      expect(await profile(other)).toEqual({ email: 'other@example.com', name: 'Other' })
      expect(after).toContain('other@example.com')
      const { rows } = await pool.query<{ message: string; raw: number | null }>(
        'select message, raw from store.rejected_event order by id',
      )
      expect(rows.map(({ message, raw }) => [/erased/.test(message), raw === null])).toEqual([
        [true, true],
        [true, true],
        [true, true],
        [true, true],
        [false, false],
      ])
      expect(await vault.erase(person)).toEqual({ profiles: 0, lookups: 0, notes: 0, bodies: 0 })
    })

    it('the notes about deals that name nothing but their lead, or a lead of a visitor', async () => {
      await record(
        event('lead.captured', 'l-1', { lead: 'l-1', person: 'p-1' }),
        event('lead.captured', 'l-2', { lead: 'l-2', visitor: 'v-1' }),
        event('visitor.identified', 'v-1', { visitor: 'v-1', person: 'p-1' }),
        event('lead.captured', 'l-3', { lead: 'l-3', person: 'other' }),
        ...[1, 2, 3].map((i) => event('deal.opened', `d-${i}`, { deal: `d-${i}`, lead: `l-${i}` })),
      )
      for (const stream of ['deal-d-1', 'deal-d-2', 'deal-d-3'])
        await vault.keepNote({ id: mintId(), stream, text: 'Planted note' })
      expect(await vault.erase('p-1')).toMatchObject({ notes: 2 })
      const { rows } = await pool.query('select stream from vault.note')
      expect(rows).toEqual([{ stream: 'deal-d-3' }])
    })

    it('and keeps nothing of the person that is told again, by address or by id, nor a body that names it', async () => {
      const person = (await one({ personal: planted }))!
      await vault.erase(person)
      expect(await one({ personal: planted })).toBeUndefined()
      expect(await one({ personal: { phone: planted.phone, name: planted.name } })).toBeUndefined()
      expect(await one({ person, personal: { name: planted.name } })).toBeUndefined()
      expect(await one({ person, personal: { email: 'planted.new@example.com' } })).toBeUndefined()
      await rejected(JSON.stringify({ email: 'planted@example.com' }), 'data.planted@example.com')
      await vault.keepNote({ id: mintId(), stream: `person-${person}`, text: 'Planted note' })
      expect(await everything()).not.toMatch(/planted/i)
      const { rows } = await pool.query('select code, field, raw from store.rejected_event')
      expect(rows).toEqual([{ code: 'INVALID', field: null, raw: null }])
    })

    it('every id that is the person now, and leaves alone one that was let go', async () => {
      for (const person of ['a', 'b', 'c', 'd'])
        await one({ person, personal: { email: `planted.${person}@example.com` } })
      const merge = (person: string, absorbed: string) => [
        event('person.merged', person, { person, absorbed }),
        event('person.absorbed', absorbed, { person: absorbed, into: person }),
      ]
      await record(...merge('a', 'b'), ...merge('b', 'c'), ...merge('a', 'd'))
      await record(
        event('person.unmerged', 'a', { person: 'a', absorbed: 'd' }),
        event('person.released', 'd', { person: 'd', from: 'a' }),
      )
      expect(await vault.erase('c')).toMatchObject({ profiles: 3, lookups: 3 })
      expect(await profile('d')).toEqual({ email: 'planted.d@example.com' })
    })

    it('and whatever was being kept at that moment', async () => {
      for (let round = 0; round < 10; round++) {
        const email = `planted.${round}@example.com`
        const person = (await one({ personal: { email } }))!
        await Promise.all([
          ...Array.from({ length: 6 }, () => one({ personal: { email, name: 'Planted Name' } })),
          ...Array.from({ length: 6 }, () => rejected(JSON.stringify({ email }))),
          vault.erase(person),
          ...Array.from({ length: 6 }, () => one({ person, personal: { email, name: 'Planted Name' } })),
          ...Array.from({ length: 6 }, () => rejected(JSON.stringify({ email }))),
        ])
      }
      expect(await everything()).not.toMatch(/planted/i)
    })

    it('many persons at once on two connections, however long each takes', async () => {
      const persons = Array.from({ length: 20 }, (_, i) => `p-${i}`)
      for (const person of persons) await introduce({ person, personal: planted })
      const keeper = await pool.connect()
      const connections = async () => {
        const { rows } = await pool.query<{ n: number }>(
          `select count(*) n from pg_stat_activity where application_name = 'funnel-erase' and datname = current_database()`,
        )
        return rows[0]!.n
      }
      try {
        await keeper.query('select pg_advisory_lock(7002, 0)')
        const erasures = Promise.all(persons.map((person) => vault.erase(person)))
        await sleep(500)
        const held = await connections()
        await keeper.query('select pg_advisory_unlock(7002, 0)')
        expect((await erasures).map(({ profiles }) => profiles)).toEqual(persons.map(() => 1))
        expect(held).toBe(2)
      } finally {
        keeper.release()
      }
    })

    it('more bodies than are looked at in one step', async () => {
      const person = (await one({ personal: planted }))!
      for (let i = 0; i < 3; i++)
        await store.reject(
          Array.from({ length: 400 }, (_, k) => ({
            source: '/site',
            code: 'INVALID',
            message: 'wrong',
            body: JSON.stringify({ i, k, email: k % 2 ? 'other@example.com' : planted.email }),
          })),
        )
      expect(await vault.erase(person)).toMatchObject({ bodies: 600 })
      const { rows } = await pool.query('select from vault.raw')
      expect(rows).toHaveLength(600)
    })
  })

  it('exports all that is kept of a person', async () => {
    const person = (await one({ personal: { email: 'ann@example.com', name: 'Ann' } }))!
    await record(
      event('touchpoint.recorded', 'v-1', { visitor: 'v-1', kind: 'page' }),
      event('visitor.identified', 'v-1', { visitor: 'v-1', person }),
      event('lead.captured', 'l-1', { lead: 'l-1', visitor: 'v-1' }),
      event('deal.opened', 'd-1', { deal: 'd-1', person }),
      event('deal.won', 'd-1', { deal: 'd-1' }),
      event('lead.captured', 'l-2', { lead: 'l-2', person: 'other' }),
      event('person.consent-recorded', person, { person, purposes: { mail: true, profile: true } }),
      event('person.consent-recorded', person, { person, purposes: { mail: false } }, at + HOUR),
    )
    const id = mintId()
    await vault.keepNote({ id, stream: 'deal-d-1', text: 'A note' })
    const found = await exportPerson(database.url, database.url, person)
    expect(found).toMatchObject({
      persons: [person],
      profiles: [{ person, data: { email: 'ann@example.com', name: 'Ann' }, toldAt: '2026-01-05T12:00:00.000Z' }],
      notes: [{ id, stream: 'deal-d-1', text: 'A note', keptAt: expect.stringMatching(/Z$/) }],
      consent: {
        mail: { given: false, since: '2026-01-05T13:00:00.000Z' },
        profile: { given: true, since: '2026-01-05T12:00:00.000Z' },
      },
    })
    expect(found.events.map(({ stream, version }) => `${stream}:${version}`).toSorted()).toEqual([
      'deal-d-1:1',
      'deal-d-1:2',
      'lead-l-1:1',
      `person-${person}:1`,
      `person-${person}:2`,
      'visitor-v-1:1',
      'visitor-v-1:2',
    ])
    expect(await personOfEmail(database.url, ' ANN@example.com')).toBe(person)
    expect(await personOfEmail(database.url, 'nobody@example.com')).toBeUndefined()
    expect(await exportPerson(database.url, database.url, 'nobody')).toEqual({
      persons: ['nobody'],
      profiles: [],
      notes: [],
      consent: {},
      events: [],
    })
  })

  it('shows as the latest word on a purpose the one that counts, which is none of the future', async () => {
    const consent = (given: boolean, time: number) =>
      record(event('person.consent-recorded', 'p-1', { person: 'p-1', purposes: { profile: given } }, time))
    await consent(true, Date.UTC(2999, 0, 1))
    const said = Date.now() + 1000
    await consent(false, said)
    expect((await exportPerson(database.url, database.url, 'p-1')).consent).toEqual({
      profile: { given: false, since: new Date(said).toISOString() },
    })
    await consent(true, Date.UTC(10_000, 0, 1)) // as was once taken
    await pool.query(`update store.event set recorded_at = recorded_at + interval '1 minute' where version = 3`)
    const { consent: latest, events } = await exportPerson(database.url, database.url, 'p-1')
    expect(latest).toEqual({ profile: { given: true, since: events.at(-1)!.recorded } })
  })

  it('says what to do when there is none yet', async () => {
    const empty = await testDatabase()
    await expect(openVault({ url: empty.url })).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    await empty.drop()
  })
})
