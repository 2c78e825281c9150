import { createHash } from 'node:crypto'
import { invalid } from '@funnel/ledger'

const DEFAULT = 100
const MOST = 1000

/** How many are asked for: 100 when the request says nothing. */
export function sizeOf(size: number): number {
  if (size < 0 || size > MOST) invalid('page_size', `A page has 1 to ${MOST} lines`)
  return size === 0 ? DEFAULT : size
}

/** An opaque token that goes on with `state`, for the request that has this fingerprint. */
export const tokenOf = (fingerprint: string, state: unknown): string =>
  Buffer.from(JSON.stringify([fingerprint, state])).toString('base64url')

/**
 * The state in a page token; undefined for the first page. Throws INVALID for a token that is not ours or belongs to
 * another request; `isState` says whether it can be one of this call.
 */
export function stateOf<T>(token: string, fingerprint: string, isState: (state: unknown) => state is T): T | undefined {
  if (!token) return undefined
  let content: unknown
  try {
    content = JSON.parse(Buffer.from(token, 'base64url').toString('utf8'))
  } catch {
    invalid('page_token', 'This is not a page token: send the one of the answer before, or none')
  }
  if (!Array.isArray(content) || content.length !== 2 || !isState(content[1]))
    invalid('page_token', 'This is not a page token: send the one of the answer before, or none')
  if (content[0] !== fingerprint)
    invalid('page_token', 'The page token belongs to another request: repeat the question of the first page')
  return content[1]
}

/** Tells requests apart, whatever their size. */
export const fingerprintOf = (request: unknown): string =>
  createHash('sha256').update(JSON.stringify(request)).digest('base64url').slice(0, 16)
