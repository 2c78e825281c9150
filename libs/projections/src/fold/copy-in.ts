import type pg from 'pg'

/** What of the driver's connection a COPY needs; its types leave these out. */
interface Connection {
  query(text: string): void
  sendCopyFromChunk(data: Buffer): void
  endCopyFrom(): void
}

/**
 * `copy … from stdin` with data that is at hand, as a query of the driver's own queue. (pg-copy-streams is made for data
 * that flows; it waits for ever where a connection ends before the server has asked for the data.)
 */
export class CopyIn {
  readonly #text: string
  readonly #data: Buffer
  readonly #done = Promise.withResolvers<void>()

  constructor(text: string, data: Buffer) {
    this.#text = text
    this.#data = data
  }

  /** Resolves when the rows are there, as far as the transaction sees; rejects with the server's error or the connection's. */
  get done(): Promise<void> {
    return this.#done.promise
  }

  /** The driver's part. */
  submit(connection: pg.Connection): void {
    ;(connection as unknown as Connection).query(this.#text)
  }

  handleCopyInResponse(connection: Connection): void {
    connection.sendCopyFromChunk(this.#data)
    connection.endCopyFrom()
  }

  handleCommandComplete(): void {}

  handleReadyForQuery(): void {
    this.#done.resolve()
  }

  handleError(error: Error): void {
    this.#done.reject(error)
  }

  /** The driver puts a time limit on queries through this. */
  callback(): void {}
}
