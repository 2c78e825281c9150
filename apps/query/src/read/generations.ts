import type { Definitions } from '@funnel/definitions'
import { FunnelError } from '@funnel/events'
import type { Statement } from '@funnel/ledger'
import { GenerationDropped, type ReadDatabase } from './database.js'

/** The generation that answers, as it was when last looked at. */
export interface LiveGeneration {
  readonly id: number
  /** Transactions folded: another number, other answers. */
  readonly fold: number
  readonly definitionsHash: string
  readonly definitions: Definitions
}

/**
 * How old what we know of the live generation may be, in milliseconds: the bound on the staleness of cached answers where
 * the notification of a change is lost.
 */
export const POLL = 100

const STATEMENT = {
  name: 'live_generation',
  text: `select id, fold, definitions_hash "definitionsHash" from read.generation where state = 'live'`,
  values: [],
}
const TIMEOUT = 10_000

/**
 * Knows the live generation. It is looked up after a change (see `forget`), else every POLL milliseconds, and only while
 * somebody asks; what `current` gives was true at most POLL milliseconds before the call.
 */
export class Generations {
  readonly #database: ReadDatabase
  #known: { readonly generation: LiveGeneration; readonly at: number } | undefined
  #looking: Promise<LiveGeneration> | undefined
  #changes = 0

  constructor(database: ReadDatabase) {
    this.#database = database
  }

  /** The live generation; throws UNAVAILABLE when there is none. */
  current(): Promise<LiveGeneration> {
    const known = this.#known
    if (known && performance.now() - known.at < POLL) return Promise.resolve(known.generation)
    return (this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined
    }))
  }

  /** The definitions a generation was folded with; throws UNAVAILABLE when it is gone. */
  definitionsOf(id: number): Promise<Definitions> {
    const known = this.#known?.generation
    return known?.id === id ? Promise.resolve(known.definitions) : this.#definitions(id)
  }

  /** The next `current` looks again. */
  forget(): void {
    this.#changes++
    if (this.#known) this.#known = { ...this.#known, at: -Infinity }
  }

  async #look(): Promise<LiveGeneration> {
    // the row was read after this instant, so its age is counted from here
    const at = performance.now()
    const changes = this.#changes
    const [row] = await this.#rows<Omit<LiveGeneration, 'definitions'>>(STATEMENT)
    if (!row) throw none()
    const known = this.#known?.generation
    const definitions =
      known?.id === row.id && known.definitionsHash === row.definitionsHash
        ? known.definitions
        : await this.#definitions(row.id)
    const generation = { ...row, definitions }
    // what changed while it was read may not be in it
    this.#known = { generation, at: changes === this.#changes ? at : -Infinity }
    return generation
  }

  async #definitions(id: number): Promise<Definitions> {
    const [row] = await this.#rows<{ definitions: Definitions }>({
      name: 'definitions',
      text: 'select definitions from read.generation where id = $1',
      values: [id],
    })
    if (!row) throw none()
    return row.definitions
  }

  async #rows<Row>(statement: Statement): Promise<Row[]> {
    try {
      return await this.#database.rows<Row>(statement, Date.now() + TIMEOUT)
    } catch (error) {
      throw error instanceof GenerationDropped ? none() : error
    }
  }
}

const none = () =>
  new FunnelError('UNAVAILABLE', 'No read model is live yet: the projector has not built one; try again in a moment', {
    retryAfter: 1,
  })
