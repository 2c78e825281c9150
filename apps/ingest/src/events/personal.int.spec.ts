import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { exportPerson } from '@funnel/event-store'
import { running, type Running } from '../testing/ingest.js'
import { testHandlers } from '../testing/handlers.js'

let ingest: Running
beforeAll(async () => {
  ingest = await running({}, testHandlers)
})
afterAll(() => ingest.close())

const time = '2026-01-05T10:00:00Z'
const captured = (lead: string, personal: object | undefined, data: object = {}, more: object = {}) => ({
  id: `captured-${lead}`,
  type: 'lead.captured',
  time,
  data: { lead, ...data },
  ...(personal && { personal }),
  ...more,
})
const rows = async <R extends object>(text: string, values: unknown[] = []): Promise<R[]> =>
  (await ingest.pool.query<R>(text, values)).rows
const dataOf = async (id: string | undefined) =>
  (
    await rows<{ data: { person?: string } }>(`select envelope -> 'data' as data from store.event where id = $1`, [id])
  )[0]?.data
const profileOf = async (person: string | undefined) =>
  (await rows<{ data: object }>('select data from vault.profile where person = $1', [person]))[0]?.data
const sent = async (...events: object[]) => {
  const { events: verdicts } = await ingest.send(events)
  return Promise.all(verdicts.map(async ({ id, ...verdict }) => ({ ...verdict, data: await dataOf(id) })))
}

describe('What an event tells of a person beside its data', () => {
  it('is kept in the vault and not in the log, which has the person’s id', async () => {
    const personal = { email: 'Ann.Smith@Example.com', phone: '+49 30 1234567', name: 'Ann Smith' }
    const [event] = await sent(captured('a', personal, { properties: { origin: 'webinar' } }))
    const { person, ...rest } = event!.data!
    expect(rest).toEqual({ lead: 'a', properties: { origin: 'webinar' } })
    expect(await profileOf(person)).toEqual(personal)
    const log = await rows<{ text: string }>(`select x::text as text from store.event x`)
    expect(JSON.stringify(log)).not.toMatch(/smith|1234567/i)
  })

  it('names one person in every event of one address, in one request, in many at once, and of any type', async () => {
    const personal = { email: 'bob@example.com' }
    const found = await Promise.all([
      sent(captured('b1', personal), captured('b2', personal)),
      sent(captured('b3', { email: ' BOB@example.com', name: 'Bob' })),
      sent(
        { type: 'visitor.identified', time, data: { visitor: 'v' }, personal },
        { type: 'deal.opened', time, data: { deal: 'd' }, personal },
        { type: 'person.consent-recorded', time, data: { purposes: { mail: true } }, personal },
      ),
    ])
    const persons = new Set(found.flat().map(({ data }) => data?.person))
    expect([...persons]).toEqual([expect.stringMatching(/^[0-9a-f-]{36}$/)])
    const streams = await rows(`select stream from store.event where type = 'person.consent-recorded'`)
    expect(streams).toEqual([{ stream: `person-${[...persons][0]}` }])
  })

  it('is kept of the person that the event names, whose id is recorded as sent', async () => {
    const [event] = await sent(captured('c', { name: 'Cid' }, { person: 'crm-7' }))
    expect(event!.data).toEqual({ lead: 'c', person: 'crm-7' })
    expect(await profileOf('crm-7')).toEqual({ name: 'Cid' })
  })

  it('is kept where the event has no place for a person, too', async () => {
    const touch = { type: 'touchpoint.recorded', time, data: { visitor: 'v', kind: 'form' } }
    const [event] = await sent({ ...touch, personal: { email: 'dora@example.com' } })
    expect(event!.data).toEqual({ visitor: 'v', kind: 'form' })
    expect(await rows(`select from vault.profile where data ->> 'email' = 'dora@example.com'`)).toHaveLength(1)
  })

  it('is not kept of a contact at which consent to that was refused (row 76), and the consent is kept with the event', async () => {
    const touch = (profile: boolean) => ({
      type: 'touchpoint.recorded',
      time,
      data: { visitor: 'v', kind: 'form', consent: { profile, attribution: true } },
      personal: { email: `finn-${profile}@example.com` },
    })
    const told = await sent(touch(false), touch(true))
    expect(told.map(({ data }) => data)).toEqual([touch(false).data, touch(true).data])
    const kept = await rows<{ email: string }>(
      `select data ->> 'email' as email from vault.profile where data ->> 'email' like 'finn-%'`,
    )
    expect(kept).toEqual([{ email: 'finn-true@example.com' }])
  })

  it('is not kept of the no to that itself (row 76), which holds for what is told under the address after it', async () => {
    const no = (address: string, name: string, data: object = {}) => ({
      id: `no-${name}`,
      type: 'person.consent-recorded',
      data: { purposes: { profile: false }, ...data },
      personal: { email: address, name },
    })
    const [known] = await sent(captured('g1', { email: 'kim@example.com', name: 'Kim' }))
    const kim = known!.data!.person
    const told = await sent(
      no('kim@example.com', 'Kim Gone'),
      no('hal@example.com', 'Hal'),
      no('ida@example.com', 'Ida', { person: 'crm-9' }),
    )
    const hal = told[1]!.data!.person
    expect(told.map(({ outcome, data }) => [outcome, data])).toEqual(
      [kim, hal, 'crm-9'].map((person) => ['accepted', { person, purposes: { profile: false } }]),
    )
    const after = await sent(
      captured('g2', { email: 'kim@example.com', city: 'Kiel' }),
      captured('h', { email: 'hal@example.com', city: 'Kiel' }),
      captured('i', { email: 'ida@example.com', city: 'Kiel' }),
      no('hal@example.com', 'Hal'),
    )
    expect(after.map(({ data }) => data!.person)).toEqual([kim, hal, 'crm-9', hal])
    expect(await profileOf(kim)).toEqual({ email: 'kim@example.com', name: 'Kim' })
    const { profiles } = await exportPerson(ingest.database, ingest.database, hal!)
    expect(profiles).toEqual([])
    expect(await rows(`select from vault.profile where data::text ~ 'hal@|ida@|Ida|Kiel|Gone'`)).toEqual([])
  })

  it('does not count for what the event says: a resend that tells other things, or nothing, is a duplicate', async () => {
    const [first] = await sent(captured('e', { email: 'eve@example.com' }))
    const outcomes = await sent(
      captured('e', { email: 'eve@example.com' }),
      captured('e', { email: 'other@example.com', name: 'Other' }),
      captured('e', undefined),
    )
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(['duplicate', 'duplicate', 'duplicate'])
    expect(outcomes.map(({ data }) => data)).toEqual([first!.data, first!.data, first!.data])
    const [named] = await sent(captured('e', undefined, { person: first!.data!.person! }))
    expect(named).toMatchObject({ outcome: 'conflict' })
  })

  it.each([
    ['no object', 'x', 'personal', /must be an object/],
    ['a list', [], 'personal', /must be an object/],
    ['null', null, 'personal', /must be an object/],
    ['a field that is not taken', { email: 'f@example.com', password: 'x' }, 'personal.password', /not taken/],
    [
      'a field that is nearly right',
      { email: 'f@example.com', firstname: 'F' },
      'personal.firstname',
      /did you mean firstName/,
    ],
    ['a number', { phone: 123456 }, 'personal.phone', /must be text/],
    ['an empty text', { email: 'f@example.com', name: ' ' }, 'personal.name', /leave it out/],
    ['a long text', { email: 'f@example.com', name: 'x'.repeat(201) }, 'personal.name', /longer than 200/],
    ['NUL', { email: 'f@example.com', name: 'a\u0000' }, 'personal.name', /control character/],
    ['half a pair', { email: 'f@example.com', name: '\ud800' }, 'personal.name', /surrogate/],
    ['no address', { email: 'f at example' }, 'personal.email', /no e-mail address/],
    ['no number', { phone: 'call me' }, 'personal.phone', /no telephone number/],
    ['nobody', { name: 'F' }, 'personal', /tells of nobody/],
    ['__proto__', JSON.parse('{"__proto__":{"email":"f@example.com"}}') as object, 'personal.__proto__', /not taken/],
  ])('gets a verdict where it is %s, and hurts nobody beside it', async (what, personal, field, message) => {
    const good = captured(`good-${what}`, undefined)
    const { events } = await ingest.send([good, { ...captured(`bad-${what}`, undefined), personal }])
    expect(events[0]).toMatchObject({ outcome: 'accepted' })
    expect(events[1]).toMatchObject({ outcome: 'rejected', code: 'INVALID', field })
    expect(events[1]!.message).toMatch(message)
    expect(events[1]!.message).not.toContain('example')
    expect(await rows(`select from vault.profile where data ->> 'email' like 'f@%'`)).toEqual([])
  })

  it('is kept of no event that is refused', async () => {
    const [event] = await sent({ ...captured('g', { email: 'gus@example.com' }), time: 'yesterday' })
    expect(event).toMatchObject({ outcome: 'rejected', field: 'time' })
    expect(await rows(`select from vault.profile where data ->> 'email' = 'gus@example.com'`)).toEqual([])
  })

  it('is refused within data as ever, with the place where it belongs', async () => {
    const [event] = await sent(captured('h', undefined, { properties: { email: 'x' } }))
    expect(event).toMatchObject({ outcome: 'rejected', message: expect.stringContaining('beside data, as personal') })
  })

  it('row 77: is dropped once the person was erased; the event is recorded, if it says anything without', async () => {
    const personal = { email: 'hal@example.com', name: 'Hal' }
    const known = { id: 'known-i', type: 'visitor.identified', time, data: { visitor: 'v-j' }, personal }
    const [first] = await sent(captured('i1', personal), known)
    const erased = await ingest.command({ type: 'person.erase', person: first!.data!.person })
    expect(erased.status).toBe(200)
    const identified = { type: 'visitor.identified', time, data: { visitor: 'v-i' }, personal }
    const answers = await sent(captured('i1', personal), captured('i2', personal), identified, known)
    expect(answers).toMatchObject([
      { outcome: 'duplicate' },
      { outcome: 'accepted', data: { lead: 'i2' } },
      { outcome: 'rejected', code: 'REJECTED', field: 'personal' },
      { outcome: 'duplicate', data: { visitor: 'v-j' } },
    ])
    expect(answers[1]!.data).not.toHaveProperty('person')
    for (const table of ['vault.profile', 'vault.raw', 'vault.lookup', 'store.rejected_event'])
      expect(JSON.stringify(await rows(`select x::text from ${table} x`))).not.toMatch(/hal@example|Hal/)
  })
})
