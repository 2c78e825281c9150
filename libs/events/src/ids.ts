import { hash } from 'node:crypto'
import { v7 } from 'uuid'

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i

/** A new event id: UUIDv7, so ids made later sort later. */
export const mintId = (): string => v7()

/** UUIDv8 made of the SHA-256 of the parts; the same parts give the same id for ever. */
export function derivedId(...parts: readonly (string | number)[]): string {
  const bytes = hash('sha256', JSON.stringify(parts), 'buffer')
  bytes[6] = (bytes[6]! & 0x0f) | 0x80
  bytes[8] = (bytes[8]! & 0x3f) | 0x80
  const hex = bytes.toString('hex', 0, 16)
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

/**
 * The id of an event that has to do without the one meant for it, since somebody else's has that: the same for ever, and
 * nobody can tell it beforehand who does not know the store's key.
 */
export const idInsteadOf = (key: Buffer, id: string): string => derivedId('instead', key.toString('base64'), id)

/**
 * The id under which a producer's event is stored: a UUID as sent, in lower case; anything else hashed with its source.
 * Nothing but id and source goes in, since a resend may carry another time.
 */
export const storedId = (source: string, id: string): string =>
  UUID.test(id) ? id.toLowerCase() : derivedId(source, id)

/** Whether the text is a UUID of version 1–8. */
export const isUuid = (text: string): boolean => UUID.test(text)
