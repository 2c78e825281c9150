import { createHmac } from 'node:crypto'

/** An address by which a person can be known again, or the person's own id. */
export interface Address {
  readonly kind: 'email' | 'phone' | 'person'
  /** In normal form, so that however it is written it is one. */
  readonly value: string
}

/** An e-mail address in normal form. */
export const emailAddress = (email: string): Address => ({
  kind: 'email',
  value: email.trim().normalize('NFC').toLowerCase(),
})

/** A telephone number in normal form: its digits, without the signs of an international one; undefined where it is none. */
export function phoneAddress(phone: string): Address | undefined {
  const value = phone.replace(/\D/g, '').replace(/^00/, '')
  return value.length >= 6 && value.length <= 15 ? { kind: 'phone', value } : undefined
}

/** Whether a text is a telephone number. */
export const isPhone = (text: string): boolean => /^\s*\+?[\d ()./-]+$/.test(text) && phoneAddress(text) !== undefined

/** The id of a person. */
export const personAddress = (person: string): Address => ({ kind: 'person', value: person })

/** What is stored of an address: without the key it tells nothing, and with it only whether a given address is this one. */
export const hmacOf = (key: Buffer, { kind, value }: Address): Buffer => keyed(key, kind, value)

/** An HMAC-SHA-256 of a value of some kind. */
export const keyed = (key: Buffer, kind: string, value: string): Buffer =>
  createHmac('sha256', key).update(`${kind}\n${value}`).digest()

const EMAIL = /[^\s"'<>()[\]{},;:\\@]{1,64}@[^\s"'<>()[\]{},;:\\@]{3,255}/g
const PHONE = /\+?\d[\d ()./-]{4,22}\d/g

/** Most addresses that are looked for in one text. */
const MOST = 500

/** The e-mail addresses and telephone numbers that a text holds, JSON or not; also what only looks like one. */
export function addressesIn(text: string): readonly Address[] {
  const plain = readable(text)
  const emails = [...plain.matchAll(EMAIL)].map(([found]) => emailAddress(found.replace(/[.-]+$/, '')))
  const phones = [...plain.matchAll(PHONE)].flatMap(([found]) => phoneAddress(found) ?? [])
  return [...emails, ...phones].slice(0, MOST)
}

/** The text with what hides in it unpacked: the escapes of JSON, and bytes that were kept as base64. */
function readable(text: string): string {
  if (text.startsWith('base64:')) return Buffer.from(text.slice('base64:'.length), 'base64').toString('latin1')
  if (!text.includes('\\')) return text
  try {
    return JSON.stringify(JSON.parse(text))
  } catch {
    return text.replace(/\\u([0-9a-f]{4})/gi, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)))
  }
}
