import type { Readable } from 'node:stream'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { FunnelError } from '@funnel/events'
import type { Share } from './budget.js'

const inflate = promisify(gunzip)

/** What a body may be. */
export interface BodyLimits {
  /** Most bytes, before and after inflation. */
  readonly bytes: number
  readonly gzip: boolean
}

/**
 * The whole body, inflated. Never holds more than twice `bytes`, all of it from the share. Throws TOO_LARGE beyond `bytes`
 * (a bomb is stopped as it passes them), OVERLOADED when the budget is spent, INVALID when it is cut off or no gzip;
 * what is still to come of it is then thrown away as it comes.
 */
export async function readBody(stream: Readable, declared: number | undefined, limits: BodyLimits, share: Share) {
  if (declared !== undefined && declared > limits.bytes) throw tooLarge(limits.bytes)
  const packed = await collect(stream, limits.bytes, share)
  if (!limits.gzip) return packed
  // what it says itself that it inflates to, so that small bodies do not hold the budget of large ones; then what it may
  const told = packed.length < 18 ? 0 : packed.readUInt32LE(packed.length - 4)
  let held = 0
  for (const most of new Set([Math.min(Math.max(told, 1), limits.bytes), limits.bytes])) {
    share.hold(most - held)
    held = most
    const body = await inflated(packed, most)
    if (body) return body
  }
  throw tooLarge(limits.bytes)
}

/** The body, or undefined where it has more than `most` bytes. Throws INVALID when it is cut off, no gzip, or more than that. */
async function inflated(packed: Buffer, most: number): Promise<Buffer | undefined> {
  let result: { readonly buffer: Buffer; readonly engine: { readonly bytesWritten: number } }
  try {
    result = (await inflate(packed, { maxOutputLength: most, info: true })) as unknown as typeof result
  } catch (error) {
    if ((error as { code?: string }).code === 'ERR_BUFFER_TOO_LARGE') return undefined
    throw new FunnelError('INVALID', 'the body is not gzip, or was cut off: compress it again', {}, error)
  }
  // after a zero zlib takes all for padding, and would leave out what comes then
  if (packed.subarray(result.engine.bytesWritten).some((byte) => byte !== 0))
    throw new FunnelError('INVALID', 'something stands behind the end of the gzip body: compress all of it again')
  return result.buffer
}

async function collect(stream: Readable, limit: number, share: Share): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  try {
    // destroying the stream would cut the connection before the answer is out
    for await (const chunk of stream.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      size += chunk.length
      if (size > limit) throw tooLarge(limit)
      share.hold(chunk.length)
      chunks.push(chunk)
    }
  } catch (error) {
    // the rest flows by unheld: the next request on this connection comes after it
    stream.resume()
    if (error instanceof FunnelError) throw error
    throw new FunnelError('INVALID', 'the request ended before its body did', {}, error)
  }
  return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, size)
}

const tooLarge = (limit: number) =>
  new FunnelError('TOO_LARGE', `a request may have ${limit} bytes, inflated: send less at once`, { limit })
