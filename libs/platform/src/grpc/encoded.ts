/** An answer that is encoded already: its bytes are sent as they are. */
export class Encoded {
  readonly bytes: Buffer
  constructor(bytes: Uint8Array) {
    this.bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }
}
