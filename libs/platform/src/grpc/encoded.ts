import { FunnelError } from '@funnel/events'
import { limits } from '@funnel/query-api'

/** An answer that is encoded already: its bytes are sent as they are. Throws TOO_LARGE where no receiver takes so many. */
export class Encoded {
  readonly bytes: Buffer
  constructor(bytes: Uint8Array) {
    if (bytes.byteLength > limits.maxAnswer) throw tooLarge(bytes.byteLength)
    this.bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }
}

/** An answer of so many bytes is not sent. */
export const tooLarge = (bytes: number): FunnelError =>
  new FunnelError(
    'TOO_LARGE',
    `The answer has ${bytes} bytes, more than a message holds: ask for fewer dimensions, longer buckets or a shorter period`,
    { field: 'question', bytes },
  )
