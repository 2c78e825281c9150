import type { IncomingHttpHeaders } from 'node:http'
import { FunnelError } from '@funnel/events'

/** What names this very request. Throws INVALID for none: without it a command could be carried out twice. */
export const idempotencyKey = (headers: IncomingHttpHeaders): string =>
  requestKey(headers['idempotency-key'], 'idempotency-key')

/** A key that names a request. Throws INVALID with the field. */
export function requestKey(key: unknown, field: string): string {
  if (typeof key === 'string' && /^[\u0021-\u007e]{1,200}$/.test(key)) return key
  throw new FunnelError(
    'INVALID',
    `${field} must be 1 to 200 visible characters that name this very request: send a new UUID with each command, and the same one when you repeat it`,
    { field },
  )
}

/** The version that the subject's stream must have, by `expected-version: 3` or `if-match: "3"`. Throws INVALID. */
export function expectedVersion(headers: IncomingHttpHeaders): number | undefined {
  const plain = versionOf(headers['expected-version'], 'expected-version', /^(\d{1,9})$/)
  const tag = versionOf(headers['if-match'], 'if-match', /^"(\d{1,9})"$/)
  if (plain !== undefined && tag !== undefined && plain !== tag)
    throw new FunnelError('INVALID', 'expected-version and if-match name different versions: send one of them', {
      field: 'if-match',
    })
  return plain ?? tag
}

function versionOf(header: string | string[] | undefined, field: string, form: RegExp): number | undefined {
  if (header === undefined) return undefined
  const version = typeof header === 'string' ? form.exec(header)?.[1] : undefined
  if (version !== undefined) return Number(version)
  const example = field === 'if-match' ? '"3"' : '3'
  throw new FunnelError('INVALID', `${field} must be the version of the stream, such as ${example}; 0 for a new one`, {
    field,
  })
}
