import { versionsOf, type Definitions, type VersionHistory } from '@funnel/definitions'
import { FunnelError, type Instant } from '@funnel/events'
import { historyOf, millis, planHistory, type HistoryRow, type Statement } from '@funnel/ledger'
import type { Patience } from '@funnel/platform/grpc'
import { GenerationDropped, type ReadDatabase } from './database.js'

/** The generation that answers, as it was when last looked at. */
export interface LiveGeneration {
  readonly id: number
  /** Transactions folded: another number, other answers. */
  readonly fold: number
  readonly definitionsHash: string
  /** The dimensions that its rolls are added up by. */
  readonly rolled: readonly string[]
  /** Its watermark. */
  readonly w: Instant | null
  /** How far it has folded the topic of definitions. */
  readonly applied: number
  readonly versions: VersionHistory
  /** Those in force at its watermark. */
  readonly definitions: Definitions
}

/** Versions as they were read. */
interface Read {
  readonly versions: VersionHistory
  /** Only further definitions change them: the first business event, too, says from when on they count, and it has come. */
  readonly settled: boolean
}

/**
 * How old what we know of the live generation may be, in milliseconds: the bound on the staleness of cached answers where
 * the notification of a change is lost.
 */
export const POLL = 100

const STATEMENT = {
  name: 'live_generation',
  text: `select id, fold, definitions_hash "definitionsHash", rolled, ${millis('w')} w, coalesce((positions->'definitions'->>0)::bigint, 0) applied
         from read.generation where state = 'live'`,
  values: [],
}
const TIMEOUT = 10_000
/** Several callers may wait for what is looked up, so that it does not end with one of them. */
const patience = (): Patience => ({ deadline: Date.now() + TIMEOUT })

/**
 * Knows the live generation. It is looked up after a change (see `forget`), else every POLL milliseconds, and only while
 * somebody asks; what `current` gives was true at most POLL milliseconds before the call.
 */
export class Generations {
  readonly #database: ReadDatabase
  #known: ({ readonly generation: LiveGeneration; readonly at: number } & Pick<Read, 'settled'>) | undefined
  #looking: Promise<LiveGeneration> | undefined
  #changes = 0

  constructor(database: ReadDatabase) {
    this.#database = database
  }

  /** The live generation; throws UNAVAILABLE when there is none, or the database does not say in time. */
  current(): Promise<LiveGeneration> {
    const known = this.#known
    if (known && performance.now() - known.at < POLL) return Promise.resolve(known.generation)
    return (this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined
    }))
  }

  /**
   * The definitions of a generation: all versions, and those in force at its watermark. Throws GenerationDropped when there
   * is no such generation any more, or its tables are gone.
   */
  async definitionsOf(id: number): Promise<Pick<LiveGeneration, 'versions' | 'definitions' | 'rolled'>> {
    const known = this.#known?.generation
    if (known?.id === id) return known
    const [row] = await this.#rows<Pick<LiveGeneration, 'w' | 'rolled'>>({
      name: 'generation',
      text: `select ${millis('w')} w, rolled from read.generation where id = $1`,
      values: [id],
    })
    if (!row) throw new GenerationDropped(`generation ${id} is gone`)
    const { versions } = await this.#versions(id)
    return { versions, definitions: inForceIn(versions, row), rolled: row.rolled }
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
    const [row] = await orNone(this.#rows<Omit<LiveGeneration, 'versions' | 'definitions'>>(STATEMENT))
    if (!row) throw none()
    const { versions, settled } = this.#stillSettled(row) ?? (await orNone(this.#versions(row.id)))
    const generation = { ...row, versions, definitions: inForceIn(versions, row) }
    // what changed while it was read may not be in it
    this.#known = { generation, settled, at: changes === this.#changes ? at : -Infinity }
    return generation
  }

  /** The versions that are known, where they are those of this row too. */
  #stillSettled(row: Pick<LiveGeneration, 'id' | 'definitionsHash' | 'applied'>): Read | undefined {
    const { generation, settled } = this.#known ?? {}
    const isSame =
      generation?.id === row.id &&
      generation.definitionsHash === row.definitionsHash &&
      generation.applied === row.applied
    return isSame && settled ? { versions: generation.versions, settled } : undefined
  }

  async #versions(id: number): Promise<Read> {
    const until = patience()
    const [row] = await this.#rows<{ definitions: Definitions }>(
      {
        name: 'definitions',
        text: 'select definitions from read.generation where id = $1',
        values: [id],
      },
      until,
    )
    if (!row) throw new GenerationDropped(`generation ${id} is gone`)
    const history = historyOf(await this.#rows<HistoryRow>(planHistory(id), until))
    return { versions: versionsOf(row.definitions, history), settled: history.firstBusiness !== undefined }
  }

  /** Rows that no one caller waits for: time that is up is that of the look, and the database is to blame. */
  async #rows<Row>(statement: Statement, until = patience()): Promise<Row[]> {
    try {
      return await this.#database.rows<Row>(statement, until)
    } catch (error) {
      throw error instanceof FunnelError && error.code === 'DEADLINE' ? slow(error) : error
    }
  }
}

/** A generation that is gone is none. */
async function orNone<T>(reading: Promise<T>): Promise<T> {
  try {
    return await reading
  } catch (error) {
    throw error instanceof GenerationDropped ? none() : error
  }
}

/** Before the first batch nothing is in force yet that is to come. */
const inForceIn = (versions: VersionHistory, { w }: Pick<LiveGeneration, 'w'>): Definitions =>
  versions.at(w ?? Number.NEGATIVE_INFINITY)

const none = () =>
  new FunnelError('UNAVAILABLE', 'No read model is live yet: the projector has not built one; try again in a moment', {
    retryAfter: 1,
  })

const slow = (cause: FunnelError) =>
  new FunnelError(
    'UNAVAILABLE',
    `The read models’ database did not say within ${TIMEOUT / 1000} s what is live; try again`,
    { retryAfter: 1 },
    cause,
  )
