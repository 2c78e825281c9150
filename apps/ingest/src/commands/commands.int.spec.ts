import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { mintId } from '@funnel/events'
import { inFlight, running, type Running } from '../testing/ingest.js'
import { testHandlers } from '../testing/handlers.js'
import type { CommandAnswer } from './door.js'

let ingest: Running
beforeAll(async () => {
  ingest = await running({}, testHandlers)
})
afterAll(() => ingest.close())

const assign = (lead: string, owner: string) => ({ type: 'lead.assign', lead, owner })
const advance = (lead: string, stage: string) => ({ type: 'lead.advance', lead, stage })
const done = async (value: unknown, headers: Record<string, string> = {}): Promise<CommandAnswer> => {
  const response = await ingest.command(value, headers)
  const answer: unknown = await response.json()
  expect([response.status, answer]).toEqual([200, answer])
  return answer as CommandAnswer
}
interface Told {
  readonly status: number
  readonly code: string
  readonly detail: string
  readonly field?: string
  readonly details?: Record<string, unknown>
}
const problem = async (response: Response): Promise<Told> => {
  expect(response.headers.get('content-type')).toMatch(/^application\/problem\+json/)
  return (await response.json()) as Told
}
const refused = async (value: unknown, headers: Record<string, string> = {}) =>
  problem(await ingest.command(value, headers))
const streamOf = async (stream: string) =>
  (
    await ingest.pool.query<{ envelope: { data: object; actor?: string; source: string; sequence: number } }>(
      'select envelope from store.event where stream = $1 order by version',
      [stream],
    )
  ).rows.map(({ envelope }) => envelope)

describe('POST /v1/commands', () => {
  it('answers after commit with what was recorded, for the source of the key', async () => {
    const { repeated, events } = await done({ ...advance('a', 'mql'), actor: 'ann' })
    expect(repeated).toBe(false)
    expect(events).toEqual([
      {
        id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        type: 'lead.advanced',
        stream: 'lead-a',
        version: 1,
        recorded: expect.stringMatching(/^\d{4}-.*Z$/),
      },
    ])
    expect(await streamOf('lead-a')).toEqual([
      expect.objectContaining({ source: '/crm', actor: 'ann', sequence: 1, data: { lead: 'a', stage: 'mql' } }),
    ])
  })

  it('gives the first answer to a repetition, and nothing where there is nothing to do', async () => {
    const key = { 'idempotency-key': mintId() }
    const first = await done(assign('b', 'ann'), key)
    expect(await done(assign('b', 'ann'), key)).toEqual({ ...first, repeated: true })
    expect(await done(assign('b', 'ann'))).toEqual({ repeated: false, events: [] })
    expect(await streamOf('lead-b')).toHaveLength(1)
  })

  it('tells what is against it: the state, the version, another command under the key', async () => {
    const key = { 'idempotency-key': mintId() }
    await done(assign('c', 'ann'), key)
    expect(await refused(assign('c', 'bob'))).toMatchObject({
      status: 422,
      code: 'REJECTED',
      details: { owner: 'ann' },
    })
    expect(await refused(assign('c2', 'ann'), key)).toMatchObject({ status: 409, code: 'IDEMPOTENCY_CONFLICT' })
    for (const header of [{ 'expected-version': '0' }, { 'if-match': '"0"' }])
      expect(await refused(advance('c', 'mql'), header)).toMatchObject({
        status: 409,
        code: 'VERSION_CONFLICT',
        details: { stream: 'lead-c', expected: 0, actual: 1 },
      })
    await done(advance('c', 'mql'), { 'if-match': '"1"' })
    await done(advance('c', 'sql'), { 'expected-version': '2', 'if-match': '"2"' })
  })

  it('lets one of two that race win, and tells the other who did', async () => {
    const answers = await Promise.all(['ann', 'bob'].map((owner) => ingest.command(assign('race', owner))))
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 422])
    expect(await streamOf('lead-race')).toHaveLength(1)
  })

  it('keeps the text of a note in the vault, and its id in the event', async () => {
    const command = {
      type: 'lead.disqualify',
      lead: 'n',
      reason: 'other',
      note: 'Moved away.\nTold by a neighbour: Zoë',
    }
    const key = { 'idempotency-key': mintId() }
    await done(command, key)
    await done(command, key)
    expect(await refused({ ...command, note: 'Another text' }, key)).toMatchObject({ code: 'IDEMPOTENCY_CONFLICT' })
    const [event, ...more] = await streamOf('lead-n')
    expect(more).toEqual([])
    const { rows } = await ingest.pool.query('select id, stream, body from vault.note')
    const { note } = event!.data as { note: string }
    expect(rows).toEqual([{ id: note, stream: 'lead-n', body: command.note }])
    expect(JSON.stringify(event)).not.toContain('neighbour')
  })

  it('reads instants with their offset', async () => {
    await done({ type: 'handoff.offer', lead: 'o', handoff: 'h', queue: 'q', deadline: '2026-03-31T14:00:00+02:00' })
    expect(await streamOf('lead-o')).toMatchObject([{ data: { deadline: '2026-03-31T12:00:00.000Z' } }])
  })

  it('takes gzip', async () => {
    const response = await fetch(`${ingest.url}/v1/commands`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json; charset=utf-8',
        'content-encoding': 'gzip',
        authorization: `Bearer ${ingest.commandKey}`,
        'idempotency-key': mintId(),
      },
      body: new Uint8Array(gzipSync(JSON.stringify(advance('gzip', 'mql')))),
    })
    expect(response.status).toBe(200)
  })
})

describe('A command is refused', () => {
  it.each([
    ['no type', { lead: 'a' }, 'type', /one of lead\.advance, /],
    ['an unknown type', { type: 'lead.advanse', lead: 'a' }, 'type', /did you mean lead\.advance/],
    ['a type of Object', { type: 'toString' }, 'type', /there is no such command/],
    ['a field that is missing', { type: 'lead.advance', lead: 'a' }, 'stage', /^stage must be text of 1 to 200/],
    ['a field of another type', { ...advance('a', 'mql'), lead: 7 }, 'lead', /^lead must be text/],
    ['null', { ...assign('a', 'ann'), because: null }, 'because', /^because must be a list/],
    [
      'a field that there is not',
      { ...advance('a', 'mql'), stge: 1 },
      'stge',
      /not a field of lead\.advance: did you mean stage/,
    ],
    ['a far-off field', { ...advance('a', 'mql'), zzzzzz: 1 }, 'zzzzzz', /its fields are .*stage/],
    ['a line break in a line', advance('a', 'm\nql'), 'stage', /on one line/],
    ['half of a surrogate pair', advance('a', 'm\ud800'), 'stage', /must be text/],
    ['a text that is too long', advance('a', 'x'.repeat(201)), 'stage', /1 to 200/],
    [
      'a member that is wrong',
      {
        type: 'queue.staff',
        queue: 'q',
        members: [
          { member: 'a', weight: 1 },
          { member: 'b', weight: 0 },
        ],
      },
      'members.1.weight',
      /from 1 to 1000/,
    ],
    [
      'a member that is no object',
      { type: 'queue.staff', queue: 'q', members: ['a'] },
      'members.0',
      /object with member and weight/,
    ],
    ['members that are no list', { type: 'queue.staff', queue: 'q', members: 'a' }, 'members', /list of at most 500/],
    [
      'a field that a member has not',
      { type: 'queue.staff', queue: 'q', members: [{ member: 'a', weight: 1, share: 2 }] },
      'members.0.share',
      /not a field/,
    ],
    ['money as a number', { type: 'deal.win', deal: 'd', amount: 5 }, 'amount', /minor and currency/],
    [
      'money as a list',
      { type: 'deal.win', deal: 'd', amount: [{ minor: 1, currency: 'EUR' }] },
      'amount',
      /minor and currency/,
    ],
    [
      'money with a fraction',
      { type: 'deal.win', deal: 'd', amount: { minor: 1.5, currency: 'EUR' } },
      'amount.minor',
      /whole number/,
    ],
    ['a day that does not exist', { type: 'deal.expect-close', deal: 'd', day: '2026-02-30' }, 'day', /must be a day/],
    [
      'an instant without zone',
      { type: 'handoff.offer', lead: 'a', handoff: 'h', queue: 'q', deadline: '2026-03-31T12:00:00' },
      'deadline',
      /with its offset/,
    ],
    ['an empty note', { type: 'lead.disqualify', lead: 'a', reason: 'other', note: '' }, 'note', /1 to 5000/],
    [
      'an actor that is an e-mail address',
      { ...advance('a', 'mql'), actor: 'ann@example.com' },
      'actor',
      /id of who decides/,
    ],
    [
      'properties that are none',
      { type: 'deal.open', deal: 'd', properties: { a: { b: 1 } } },
      'properties',
      /by name/,
    ],
  ])('with %s, told where and how to mend it', async (_, command, field, message) => {
    const told = await refused(command)
    expect(told).toMatchObject({ status: 400, code: 'INVALID', field })
    expect(told.detail).toMatch(message)
  })

  it('with an event that would hold personal data', async () => {
    const before = await streamOf('lead-a')
    expect(before.length).toBeGreaterThan(0)
    expect(await refused(advance('a', 'ann@example.com'))).toMatchObject({ status: 400, field: 'data.stage' })
    expect(await streamOf('lead-a')).toEqual(before)
  })

  it.each([
    ['a name twice', '{"type":"lead.advance","lead":"a","lead":"b","stage":"mql"}', 400],
    ['depth 10', `{"type":"lead.advance","x":${'['.repeat(10)}${']'.repeat(10)}}`, 400],
    ['depth 15,000', `{"type":"lead.advance","x":${'['.repeat(15_000)}${']'.repeat(15_000)}}`, 400],
    [
      'a number that loses digits',
      '{"type":"deal.win","deal":"d","amount":{"minor":9007199254740993,"currency":"EUR"}}',
      400,
    ],
    ['__proto__', '{"type":"lead.advance","lead":"a","stage":"mql","__proto__":{"polluted":true}}', 400],
    ['__proto__ within', '{"type":"deal.open","deal":"d","properties":{"__proto__":"polluted"}}', 400],
    [
      'constructor',
      '{"type":"lead.advance","lead":"a","stage":"mql","constructor":{"prototype":{"polluted":true}}}',
      400,
    ],
    ['an array', '[{"type":"lead.advance","lead":"a","stage":"mql"}]', 400],
    ['no JSON', '{"type":', 400],
    ['nothing', '', 400],
    [
      'more than fits',
      JSON.stringify({ type: 'lead.disqualify', lead: 'a', reason: 'r', note: 'x'.repeat(33_000) }),
      413,
    ],
  ])('with %s, before anything is made of it', async (_, body, status) => {
    expect((await refused(body)).status).toBe(status)
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
    expect(await streamOf('lead-a')).toHaveLength(1)
  })

  it.each([
    ['no idempotency key', { 'idempotency-key': '' }, 'idempotency-key'],
    ['a key with a blank', { 'idempotency-key': 'a b' }, 'idempotency-key'],
    ['a weak version', { 'if-match': 'W/"1"' }, 'if-match'],
    ['any version', { 'if-match': '*' }, 'if-match'],
    ['a version that is none', { 'expected-version': '-1' }, 'expected-version'],
    ['two versions', { 'expected-version': '1', 'if-match': '"2"' }, 'if-match'],
  ])('with %s', async (_, headers, field) => {
    expect(await refused(advance('a', 'mql'), headers)).toMatchObject({ status: 400, code: 'INVALID', field })
  })

  it('in a form that a web page may send anywhere without asking', async () => {
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/x-ndjson'])
      expect(await refused(advance('a', 'mql'), { 'content-type': type })).toMatchObject({ status: 415 })
  })
})

describe('Who may give commands', () => {
  it('is who has a key that was made for it, not who may only send events', async () => {
    expect(await refused(advance('who', 'mql'), { authorization: `Bearer ${ingest.key}` })).toMatchObject({
      status: 403,
      code: 'FORBIDDEN',
      detail: expect.stringContaining('--commands'),
    })
    for (const authorization of ['', 'Bearer ck_guess', 'Basic abc'])
      expect(await refused('{"broken', { authorization })).toMatchObject({ status: 401 })
    expect(await streamOf('lead-who')).toEqual([])
    expect((await ingest.post('[]', { authorization: `Bearer ${ingest.commandKey}` })).status).toBe(200)
  })

  it('is who has the admin token, where one is set, and its key no less', async () => {
    const token = 'a-token-for-admins'
    const closed = await running({ FUNNEL_TOKEN: token }, testHandlers)
    try {
      const by = async (headers: Record<string, string>) => (await closed.command(advance('t', 'mql'), headers)).status
      expect(await by({ authorization: `Bearer ${token}` })).toBe(200)
      expect(await by({ authorization: '', 'x-funnel-token': token })).toBe(200)
      expect(await by({})).toBe(200)
      expect(await by({ authorization: `Bearer ${closed.key}` })).toBe(403)
      expect(await by({ authorization: 'Bearer another-token-of-16' })).toBe(401)
      const { rows } = await closed.pool.query(
        `select envelope ->> 'source' source from store.event where stream = 'lead-t' order by version`,
      )
      expect(rows).toEqual([{ source: 'admin' }, { source: 'admin' }, { source: '/crm' }])
    } finally {
      await closed.close()
    }
  })
})

describe('Commands harm nobody', () => {
  it('when a decider has a bug: it is told as one, without a word of it, and the service goes on', async () => {
    const told = await refused({ type: 'handoff.expire', lead: 'a', handoff: 'h' })
    expect(told).toMatchObject({ status: 500, code: 'INTERNAL' })
    expect(JSON.stringify(told)).not.toContain('a bug in a decider')
    await done(advance('after', 'mql'))
  })

  it('when there are too many: those that find no room are told to come back', async () => {
    const tight = await running({ IN_FLIGHT_BYTES: '1000000' }, testHandlers)
    try {
      const statuses = await Promise.all(
        Array.from({ length: 300 }, async (_, i) => (await tight.command(advance(`m-${i}`, 'mql'))).status),
      )
      const { rows } = await tight.pool.query('select from store.event')
      expect(new Set(statuses)).toEqual(new Set([200, 429]))
      expect(rows).toHaveLength(statuses.filter((status) => status === 200).length)
      expect(await inFlight(tight)).toBe(0)
    } finally {
      await tight.close()
    }
  })

  it('and are counted by what came of them', async () => {
    const text = await (await fetch(`${ingest.url}/metrics`)).text()
    for (const outcome of ['recorded', 'repeated', 'nothing', 'REJECTED', 'INVALID', 'INTERNAL'])
      expect(text).toMatch(new RegExp(`funnel_ingest_command_seconds_count\\{.*outcome="${outcome}".*\\} [1-9]`))
  })
})
