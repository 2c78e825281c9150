import { definitionFolders, loadAllDefinitions, type AllDefinitions } from '@funnel/definitions'
import { historyUntil, openDecisionStore, type EventStore } from '@funnel/event-store'
import type { ServiceConfig } from '@funnel/platform'
import { ReactorService, type Runs, type Surroundings } from './service.js'

/** What a service that decides is told. */
export interface DecidingConfig extends ServiceConfig {
  /** Folders of definitions, comma-separated; those of later folders come in place of earlier ones with the same id. */
  readonly funnelDefinitions?: string
}

/** A service whose reactor goes by definitions, and appends to the store what it decides. */
export abstract class DecidingService extends ReactorService {
  readonly #definitions: string | undefined
  #store: EventStore | undefined

  constructor(name: string, surroundings: Surroundings & { readonly config: DecidingConfig }) {
    super(name, surroundings)
    this.#definitions = surroundings.config.funnelDefinitions
  }

  /** What it runs by these definitions; done once the store is open. */
  protected abstract decides(definitions: AllDefinitions, store: EventStore): Promise<Runs>

  override async onModuleInit(): Promise<void> {
    await super.onModuleInit()
    this.#store = await openDecisionStore(this.surroundings.config.databaseUrl)
  }

  protected async runs(): Promise<Runs> {
    const definitions = loadAllDefinitions(definitionFolders(this.#definitions))
    const start = await this.decides(definitions, this.#store!)
    const history = await historyUntil(this.pool)
    return (options) => start({ ...options, history })
  }

  override async beforeApplicationShutdown(): Promise<void> {
    await super.beforeApplicationShutdown()
    await this.#store?.close()
  }
}
