import pg from 'pg'

/** What of the driver's connection a COPY needs; its types leave these out. */
interface Connection {
  query(text: string): void
  sendCopyFromChunk(data: Buffer): void
  endCopyFrom(): void
}

/**
 * `copy … from stdin` with data that is at hand, as a query of the driver's own queue. The data follow the statement at once:
 * a server that refuses it passes over them, as the protocol says. (pg-copy-streams is made for data that flows; it waits for
 * ever where a connection ends before the server has asked for the data.)
 */
export class CopyIn extends pg.Query {
  readonly #text: string
  readonly #data: Buffer
  readonly #done = Promise.withResolvers<void>()

  constructor(text: string, data: Buffer) {
    super(text)
    this.#text = text
    this.#data = data
  }

  /** Resolves when the rows are there, as far as the transaction sees; rejects with the server's error or the connection's. */
  get done(): Promise<void> {
    return this.#done.promise
  }

  /** The driver's part. */
  override submit = (connection: pg.Connection): void => {
    const copying = connection as unknown as Connection
    copying.query(this.#text)
    copying.sendCopyFromChunk(this.#data)
    copying.endCopyFrom()
  }

  handleCopyInResponse(): void {}

  handleCommandComplete(): void {}

  handleReadyForQuery(): void {
    this.#ended()
    this.#done.resolve()
  }

  handleError(error: Error): void {
    this.#ended()
    this.#done.reject(error)
  }

  /** The driver waits for this where queries have a time limit, and cuts the connection off in the end. */
  #ended(): void {
    const { callback } = this as { callback?: () => void }
    callback?.()
  }
}
