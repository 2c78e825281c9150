import { createHash } from 'node:crypto'
import { invalid } from '@funnel/ledger'
import { tooLarge } from '@funnel/platform/grpc'
import { limits } from '@funnel/query-api'

const DEFAULT = 100
const MOST = 1000

/** How many are asked for: 100 when the request says nothing. */
export function sizeOf(size: number): number {
  if (size < 0 || size > MOST) invalid('page_size', `A page has 1 to ${MOST} lines`)
  return size === 0 ? DEFAULT : size
}

/** Bytes for the list of a page; what is left of an answer is for what stands beside it. */
const ROOM = limits.maxAnswer - (1 << 20)
/** Bytes that come before a message in a list, at most. */
const HEADER = 6

/** What encodes a message. */
export interface Codec<Message> {
  encode(message: Message): { finish(): Uint8Array }
}

/** The bytes of messages in a list. Throws TOO_LARGE where they do not fit into an answer. */
export function bytesOf<Message>(messages: readonly Message[], codec: Codec<Message>): number {
  const bytes = messages.reduce((sum, message) => sum + codec.encode(message).finish().length + HEADER, 0)
  if (bytes > ROOM) throw tooLarge(bytes)
  return bytes
}

/**
 * A page of rows: at most `size`, and as many as fit into an answer beside `taken` bytes, but at least one, so that every
 * page leads on. `rows` holds one more than fits where more follow; `last` is the row to go on from, undefined at the end.
 */
export function paged<Row, Message>(
  rows: readonly Row[],
  size: number,
  { toMessage, codec, taken = 0 }: { toMessage: (row: Row) => Message; codec: Codec<Message>; taken?: number },
): { messages: Message[]; last: Row | undefined } {
  const messages: Message[] = []
  let left = ROOM - taken
  for (const row of rows.slice(0, size)) {
    const message = toMessage(row)
    left -= codec.encode(message).finish().length + HEADER
    if (left < 0 && messages.length) break
    messages.push(message)
  }
  return { messages, last: messages.length < rows.length ? rows[messages.length - 1] : undefined }
}

/** An opaque token that goes on with `state`, for the request that has this fingerprint. */
export const tokenOf = (fingerprint: string, state: unknown): string =>
  Buffer.from(JSON.stringify([fingerprint, state])).toString('base64url')

/**
 * The state in the token of a field; undefined where there is none. Throws INVALID for a token that is not ours or belongs
 * to another request; `isState` says whether it can be one of this call.
 */
export function stateOf<T>(
  token: string,
  fingerprint: string,
  isState: (state: unknown) => state is T,
  field: 'page_token' | 'resume_token' = 'page_token',
): T | undefined {
  if (!token) return undefined
  const name = field.replace('_', ' ')
  let content: unknown
  try {
    content = JSON.parse(Buffer.from(token, 'base64url').toString('utf8'))
  } catch {
    invalid(field, `This is not a ${name}: send the one of the answer before, or none`)
  }
  if (!Array.isArray(content) || content.length !== 2 || !isState(content[1]))
    invalid(field, `This is not a ${name}: send the one of the answer before, or none`)
  if (content[0] !== fingerprint)
    invalid(field, `The ${name} belongs to another request: repeat the question that gave it`)
  return content[1]
}

/** Tells requests apart, whatever their size. */
export const fingerprintOf = (request: unknown): string =>
  createHash('sha256').update(JSON.stringify(request)).digest('base64url').slice(0, 16)
