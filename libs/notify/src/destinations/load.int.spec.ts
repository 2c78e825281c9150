import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { loadDestinations } from './load.js'

describe('a file of destinations', () => {
  let folder: string
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'funnel-destinations-'))
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  const file = (text: string): string => {
    const path = join(folder, 'destinations.yaml')
    writeFileSync(path, text)
    return path
  }
  const right = `
destinations:
  - id: hook
    type: webhook
    url: https://example.com/hooks/\${PART}
    secret: \${HOOK_SECRET}
    events: [sla.breached]
  - id: desk
    type: slack
    url: https://hooks.slack.com/services/a/b/c
    events: [sla.warned, sla.breached]
    party: sales
  - id: mail
    type: email
    server: smtp://funnel:\${MAIL_PASSWORD}@mail.example.com:587
    from: funnel@example.com
    to: [ops@example.com]
    events: [handoff.feedback-raised]
    policies: [feedback]
`
  const env = { PART: 'p', HOOK_SECRET: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', MAIL_PASSWORD: 'hunter2' }

  it('gives destinations with secrets of the environment; none is named, none there are', () => {
    expect(loadDestinations(file(right), { env })).toMatchObject([
      { id: 'hook', url: 'https://example.com/hooks/p', secret: env.HOOK_SECRET },
      { id: 'desk', party: 'sales' },
      { id: 'mail', server: 'smtp://funnel:hunter2@mail.example.com:587' },
    ])
    expect(loadDestinations(undefined)).toEqual([])
    expect(loadDestinations('')).toEqual([])
  })

  const mistakes = (text: string, options = {}): string[] => {
    const path = file(text)
    try {
      loadDestinations(path, { env, ...options })
      return []
    } catch (error) {
      const { message, details } = error as { message: string; details: { mistakes: string[] } }
      for (const secret of ['hunter2', 'MfKQ9r8', 'sesame']) expect(message).not.toContain(secret)
      return details.mistakes.map((line) => line.replace(`${path}:`, ''))
    }
  }

  it('tells every mistake at once, with its line, and never a value', () => {
    expect(
      mistakes(`
destinations:
  - id: hook
    type: webhook
    url: http://example.com/sesame
    secret: sesame
    events: [sla.breached]
  - { id: desk, type: slack, url: 'https://user:sesame@example.com', events: [sla.nothing], party: both }
  - { id: desk, type: pigeon }
  - { id: mail, type: email, server: 'mail:25', from: sesame, to: [], events: [], size: 3 }
  - { id: m2, type: slack, url: '\${NOT_SET}', events: [sla.warned] }
  - { id: a, type: slack, url: 'http://127.0.0.1/sesame', events: [sla.warned] }
  - { id: a, type: slack, url: 'https://example.com/sesame', events: [sla.warned] }
`),
    ).toEqual([
      '6: hook: secret must be whsec_ and at least 18 bytes in Base64, or a list of such',
      '8: desk: events must be some of sla.warned, sla.breached, sla.escalated, sla.corrected, handoff.feedback-raised',
      '8: desk: party must be marketing or sales',
      '9: desk: its type must be one of webhook, slack, email',
      '10: mail: there is no field size',
      '10: mail: events must be some of sla.warned, sla.breached, sla.escalated, sla.corrected, handoff.feedback-raised',
      '10: mail: from must be an e-mail address',
      '10: mail: to must NOT have fewer than 1 items',
      '11: m2: the environment has no NOT_SET',
      '12: a: url must begin with https:// (http:// only to this machine, with FUNNEL_ALLOW_PRIVATE_DESTINATIONS=true)',
      '13: a: there is another destination with this id',
    ])
  })

  it('takes http:// to this machine alone, where private destinations are allowed', () => {
    const to = (url: string) => `destinations: [{ id: a, type: slack, url: '${url}', events: [sla.warned] }]`
    expect(mistakes(to('http://127.0.0.1:1/x'), { allowPrivate: true })).toEqual([])
    expect(mistakes(to('http://10.0.0.1/x'), { allowPrivate: true })).toHaveLength(1)
    expect(mistakes(to('https://user:sesame@example.com/'))).toEqual([
      '1: a: url must have no user and no password in it',
    ])
  })

  it('refuses a server whose user or password is not percent-encoded, and says how to write it', () => {
    const mail = (server: string) =>
      `destinations: [{ id: mail, type: email, server: '${server}', from: a@b.c, to: [a@b.c], events: [sla.warned] }]`
    const refused = ['1: mail: user and password in server must be percent-encoded: % is written %25']
    const server = mail('smtp://funnel:${MAIL_PASSWORD}@mail.example.com:587')
    for (const secret of ['sesame%ss', 'sesame%', 'sesame%ff'])
      expect(mistakes(server, { env: { MAIL_PASSWORD: secret } })).toEqual(refused)
    expect(mistakes(mail('smtp://fun%nel:sesame@mail.example.com'))).toEqual(refused)
    expect(mistakes(server, { env: { MAIL_PASSWORD: 'sesame%25ss' } })).toEqual([])
    expect(mistakes(server, { env: { MAIL_PASSWORD: 'sesame/ss' } })).toEqual([
      '1: mail: server must be smtp://host:587 or smtps://host:465, with user:password@ before the host if it asks for them, both percent-encoded',
    ])
  })

  it('that is not there, or is no list, is told as such', () => {
    expect(mistakes('other: 1')).toEqual(['1: there must be a list `destinations`'])
    expect(mistakes('destinations: [')).toHaveLength(1)
    expect(() => loadDestinations(join(folder, 'none.yaml'))).toThrow('cannot be read')
  })
})
