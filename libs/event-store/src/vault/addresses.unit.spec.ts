import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { addressesIn, emailAddress, hmacOf, personAddress, phoneAddress } from './addresses.js'

describe('An address', () => {
  it.each([['ann@example.com'], [' Ann@Example.COM '], ['ANN@EXAMPLE.COM']])('%s is one e-mail address', (text) => {
    expect(emailAddress(text)).toEqual({ kind: 'email', value: 'ann@example.com' })
  })

  it.each([['+49 170 / 123-45.67'], ['0049 (170) 1234567'], ['491701234567']])('%s is one number', (text) => {
    expect(phoneAddress(text)).toEqual({ kind: 'phone', value: '491701234567' })
  })

  it.each([['12345'], ['1234567890123456'], ['call me'], ['']])('%s is no number', (text) => {
    expect(phoneAddress(text)).toBeUndefined()
  })

  it('is another one under another key, and of another kind', () => {
    const [one, other] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)]
    expect(hmacOf(one, emailAddress('a@b.c')).equals(hmacOf(other, emailAddress('a@b.c')))).toBe(false)
    const phone = phoneAddress('123456')!
    expect(hmacOf(one, phone).equals(hmacOf(one, personAddress('123456')))).toBe(false)
  })
})

describe('The addresses in a text', () => {
  const values = (text: string) => addressesIn(text).map(({ value }) => value)

  it('are found in JSON, in prose, behind escapes and in base64', () => {
    const text = 'Write to Ann.B+x@Example.com. Or call (+49) 170 1234567, thanks'
    const wanted = ['ann.b+x@example.com', '491701234567']
    expect(values(text)).toEqual(wanted)
    expect(values(JSON.stringify({ data: { text } }))).toEqual(wanted)
    expect(values(JSON.stringify({ text }).replace('@', String.raw`\u0040`))).toEqual(wanted)
    expect(values(`${JSON.stringify({ text }).replace('@', String.raw`\u0040`)} and no JSON`)).toEqual(wanted)
    expect(values(`base64:${Buffer.from(`\xff ${text}`, 'latin1').toString('base64')}`)).toEqual(wanted)
  })

  it('are found whatever is around them', () => {
    const name = fc.stringMatching(/^[a-z0-9][a-z0-9._+-]{0,20}$/)
    const host = fc.stringMatching(/^[a-z0-9]{1,10}\.[a-z]{2,6}$/)
    fc.assert(
      fc.property(name, host, fc.json(), fc.string(), (who, where, json, text) => {
        const email = `${who}@${where}`
        expect(values(JSON.stringify([text, email, json]))).toContain(email)
        expect(values(`${text} <${email}>, ${json}`)).toContain(email)
      }),
    )
  })

  it('are looked for in time that is linear in the text', () => {
    for (const text of ['a'.repeat(200_000), '1'.repeat(200_000), '@'.repeat(200_000), 'a.'.repeat(100_000)])
      expect(addressesIn(text)).toBeDefined()
  })
})
