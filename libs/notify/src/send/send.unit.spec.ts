import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { Webhook } from 'standardwebhooks'
import type { lookup } from 'node:dns'
import type { Notification } from '../notification.js'
import { assertAddress, guardedLookup, mayConnect } from './addresses.js'
import { failed, retryAfterOf } from './attempt.js'
import { slackBody } from './slack.js'
import { payloadOf, signed } from './webhook.js'

const breached: Notification = {
  id: '0198c0de-0000-8000-8000-000000000001',
  event: '0198c0de-0000-8000-8000-000000000304',
  destination: 'desk',
  type: 'sla.breached',
  occurred: Date.UTC(2026, 0, 5, 14),
  data: { policy: 'lead-response', policyVersion: 2, party: 'sales', lead: 'a<b>&c', due: '2026-01-05T14:00:00.000Z' },
}

describe('the signature of a webhook', () => {
  // the example of the specification of Standard Webhooks
  it('is that of the published example', () => {
    const headers = signed(
      'msg_p5jXN8AQM9LWM0D4loKWxJek',
      '{"test": 2432232314}',
      ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'],
      1_614_265_330_000,
    )
    expect(headers).toEqual({
      'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    })
  })

  it('is verified by receivers that have the old secret or the new one, and by nobody else', () => {
    const secrets = ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD']
    const body = payloadOf(breached)
    const headers = signed(breached.id, body, secrets, Date.now())
    for (const secret of secrets)
      expect(new Webhook(secret).verify(body, headers)).toMatchObject({
        type: 'sla.breached',
        data: { event: breached.event },
      })
    expect(() => new Webhook('whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA').verify(body, headers)).toThrow()
    expect(() => new Webhook(secrets[0]!).verify(`${body} `, headers)).toThrow()
  })
})

describe('addresses', () => {
  it.each([
    '127.0.0.1',
    '127.255.0.9',
    '10.0.0.1',
    '172.16.0.1',
    '192.168.1.1',
    '100.100.100.200',
    '169.254.169.254',
    '168.63.129.16',
    '192.0.0.192',
    '198.18.0.1',
    '203.0.113.5',
    '224.0.0.1',
    '240.0.0.1',
    '255.255.255.255',
    '0.0.0.0',
    '::',
    '::1',
    '::ffff:127.0.0.1',
    '::ffff:a9fe:a9fe',
    '::127.0.0.1',
    '64:ff9b::7f00:1',
    '64:ff9b:1::7f00:1',
    '2002:7f00:1::',
    '2001:0:1::',
    'fc00::1',
    'fd00:ec2::254',
    'fe80::1%eth0',
    'fec0::1',
    'ff02::1',
    '2001:db8::1',
    'nonsense',
  ])('%s is not connected to', (address) => {
    expect(mayConnect(address, false)).toBe(false)
  })

  it.each(['1.1.1.1', '93.184.215.14', '::ffff:1.1.1.1', '2606:4700::1111'])('%s is', (address) => {
    expect(mayConnect(address, false)).toBe(true)
  })

  it('where private ones are allowed, those of networks are, but nothing at which a cloud tells secrets', () => {
    for (const address of ['127.0.0.1', '::1', '10.1.2.3', 'fd12::1', '::ffff:192.168.0.1', '1.1.1.1'])
      expect([address, mayConnect(address, true)]).toEqual([address, true])
    for (const address of [
      '169.254.169.254',
      '::ffff:169.254.169.254',
      'fe80::1',
      '168.63.129.16',
      '224.0.0.1',
      '0.0.0.0',
    ])
      expect([address, mayConnect(address, true)]).toEqual([address, false])
  })

  it('are looked at in whatever way a URL writes them', () => {
    for (const host of ['2130706433', '0x7f.1', '0177.0.0.1', '[::ffff:7f00:1]', '[::1]', '169.254.169.254'])
      expect(() => assertAddress(new URL(`https://${host}/`), false)).toThrow('private')
    expect(() => assertAddress(new URL('https://1.1.1.1/'), false)).not.toThrow()
  })

  it('of a name are refused when one of them is private', async () => {
    const named = (...found: string[]) =>
      new Promise<unknown>((resolve) => {
        const resolver = ((_: string, __: object, done: (error: null, list: object[]) => void) =>
          done(
            null,
            found.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
          )) as unknown as typeof lookup
        guardedLookup(false, resolver)('example.com', { all: true }, (error, list) => resolve(error ?? list))
      })
    expect(await named('1.1.1.1', '2606:4700::1111')).toHaveLength(2)
    for (const found of [['1.1.1.1', '127.0.0.1'], ['::ffff:10.0.0.1'], []])
      expect(await named(...found)).toMatchObject({ code: 'ADDRESS_REFUSED' })
  })
})

describe('a message to Slack', () => {
  const blocks = (body: string) =>
    JSON.parse(body) as { text: string; blocks: { text: { type: string; text: string } }[] }

  it('says what was promised, by whom, about what and when it was due, and nothing in it is markup', () => {
    const { text, blocks: all } = blocks(slackBody([breached]))
    expect(text).toBe(
      'Broken: lead-response, lead a&lt;b&gt;&amp;c; promised by sales (version 2); due 2026-01-05 14:00 UTC',
    )
    expect(all).toHaveLength(1)
    expect(all[0]!.text).toMatchObject({ type: 'plain_text', text: expect.stringContaining('lead a<b>&c') })
  })

  it('has a block for each notification of a group', () => {
    const group = Array.from({ length: 20 }, (_, i) => ({ ...breached, data: { ...breached.data, lead: `lead-${i}` } }))
    const { text, blocks: all } = blocks(slackBody(group))
    expect(text).toMatch(/^20 notifications: /)
    expect(all.map(({ text: { text } }) => /lead (lead-\d+);/.exec(text)?.[1])).toEqual(
      group.map((_, i) => `lead-${i}`),
    )
  })
})

describe('what came of an attempt', () => {
  it('Retry-After is seconds or a date, at most a day', () => {
    const now = Date.UTC(2026, 0, 1)
    expect(retryAfterOf('30', now)).toBe(30_000)
    expect(retryAfterOf('Thu, 01 Jan 2026 00:01:00 GMT', now)).toBe(60_000)
    expect(retryAfterOf('Thu, 01 Jan 2025 00:01:00 GMT', now)).toBe(0)
    expect(retryAfterOf('99999999', now)).toBe(86_400_000)
    for (const nothing of [undefined, '', 'soon']) expect(retryAfterOf(nothing, now)).toBeUndefined()
  })

  it('a failure never tells what a library says, which may be a secret', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 8 }), (secret) => {
        const error = Object.assign(new Error(`cannot reach https://x/${secret}`), {
          hostname: secret,
          cause: { message: secret },
        })
        return (
          failed(error).said === 'failed' &&
          failed(Object.assign(error, { code: 'ECONNREFUSED' })).said === 'ECONNREFUSED'
        )
      }),
    )
  })
})
