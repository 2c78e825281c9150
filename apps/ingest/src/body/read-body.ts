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
 * (a bomb is stopped as it passes them), OVERLOADED when the budget is spent, INVALID when it is cut off or no gzip.
 */
export async function readBody(stream: Readable, declared: number | undefined, limits: BodyLimits, share: Share) {
  if (declared !== undefined && declared > limits.bytes) throw tooLarge(limits.bytes)
  const packed = await collect(stream, limits.bytes, share)
  if (!limits.gzip) return packed
  share.hold(limits.bytes) // what it may inflate to
  try {
    return await inflate(packed, { maxOutputLength: limits.bytes })
  } catch (error) {
    if ((error as { code?: string }).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(limits.bytes)
    throw new FunnelError('INVALID', 'the body is not gzip, or was cut off: compress it again', {}, error)
  }
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
    if (error instanceof FunnelError) throw error
    throw new FunnelError('INVALID', 'the request ended before its body did', {}, error)
  }
  return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, size)
}

const tooLarge = (limit: number) =>
  new FunnelError('TOO_LARGE', `a request may have ${limit} bytes, inflated: send less at once`, { limit })
