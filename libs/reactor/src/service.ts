import type { BeforeApplicationShutdown, OnApplicationBootstrap, OnModuleInit } from '@nestjs/common'
import type pg from 'pg'
import { Counter, Gauge, type Registry } from 'prom-client'
import { definitionFolders, loadAllDefinitions, type AllDefinitions } from '@funnel/definitions'
import { openEventLog, postgresEventTail, type EventLog, type EventTail } from '@funnel/event-log'
import { openDecisionStore, simulatedUntil, type EventStore } from '@funnel/event-store'
import { createPool, type Health, type Logger, type ServiceConfig } from '@funnel/platform'
import type { Took } from './batch.js'
import { migrateReactor } from './migrations/index.js'
import type { Outcome } from './outcome.js'
import type { Intent, Json, Reactor } from './reactor.js'
import { startReactor, type ReactorOptions, type Running } from './start.js'

/** A loop that has not come round for so long is stuck. Milliseconds. */
const STUCK = 60_000

/** What a service with a reactor is told. */
export interface ReactorConfig extends ServiceConfig {
  /** Folders of definitions, comma-separated; those of later folders come in place of earlier ones with the same id. */
  readonly funnelDefinitions?: string
}

/** What a service is made of that Nest gives it. */
export interface Surroundings {
  readonly config: ReactorConfig
  readonly logger: Logger
  readonly health: Health
  readonly registry: Registry
}

/** Starts a reactor on what every service has. */
type Runs = (options: Omit<ReactorOptions<never, never>, 'reactor' | 'execute'>) => Running

/** To run a reactor, with who carries out what it asks for. */
export const runs =
  <State extends Json, Command>(
    reactor: Reactor<State, Command>,
    execute: (intent: Intent<Command>) => Promise<Outcome>,
  ): Runs =>
  (options) =>
    startReactor({ ...options, reactor, execute })

/**
 * A service that runs one reactor: the log that it reads, the store that it appends to, and what it tells of itself. `name`
 * is that of the service; its metrics begin with `funnel_<name>_`, dashes being underscores.
 */
export abstract class ReactorService implements OnModuleInit, OnApplicationBootstrap, BeforeApplicationShutdown {
  protected readonly pool: pg.Pool
  readonly #tail: EventTail
  readonly #log: EventLog
  #store: EventStore | undefined
  #running: Running | undefined

  constructor(
    private readonly name: string,
    protected readonly surroundings: Surroundings,
  ) {
    const { config } = surroundings
    this.pool = createPool(config.databaseUrl, `funnel-${name}`, 5)
    this.#tail = postgresEventTail(this.pool)
    this.#log = openEventLog(this.pool, this.#tail, config, `funnel-${name}`)
  }

  /** What it runs by these definitions; done once the store is open. */
  protected abstract runs(definitions: AllDefinitions, store: EventStore): Promise<Runs>

  /** Told of every batch that was saved. */
  protected onBatch(_took: Took): void {}

  async onModuleInit(): Promise<void> {
    const { databaseUrl } = this.surroundings.config
    await migrateReactor(databaseUrl)
    this.#store = await openDecisionStore(databaseUrl)
  }

  async onApplicationBootstrap(): Promise<void> {
    const { config, logger, health } = this.surroundings
    const definitions = loadAllDefinitions(definitionFolders(config.funnelDefinitions))
    const start = await this.runs(definitions, this.#store!)
    const count = this.#counts()
    this.#running = start({
      log: this.#log,
      tail: this.#tail,
      url: config.databaseUrl,
      pool: this.pool,
      simulated: await simulatedUntil(this.pool),
      logger,
      onBatch: (took) => {
        count(took)
        this.onBatch(took)
      },
    })
    health.live('loop', () => {
      const silence = Date.now() - (this.#running?.tick ?? 0)
      return silence > STUCK ? `the loop has not come round for ${Math.round(silence / 1000)} s` : undefined
    })
    health.ready('reacting', () => this.#running?.trouble)
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.#running?.close()
    await this.#log.close()
    await this.#store?.close()
    await this.pool.end()
  }

  /** The name of a metric. */
  protected metric(name: string): string {
    return `funnel_${this.name.replaceAll('-', '_')}_${name}`
  }

  #counts(): (took: Took) => void {
    const { registry } = this.surroundings
    const registers = [registry]
    const events = new Counter({ name: this.metric('events_total'), help: 'Events taken in', registers })
    const timers = new Counter({ name: this.metric('timers_total'), help: 'Timers that came due', registers })
    const intents = new Counter({
      name: this.metric('intents_total'),
      help: 'What was asked for, by what became of it: done, nothing (it was so already), refused',
      labelNames: ['outcome'],
      registers,
    })
    const age = () => {
      const w = this.#running?.place?.w
      return w ? Math.max(0, Date.now() - w) / 1000 : Number.NaN
    }
    registry.registerMetric(
      new Gauge({
        name: this.metric('watermark_age_seconds'),
        help: 'How old the instant is up to which everything was taken in; NaN while nothing was',
        registers: [],
        collect() {
          this.set(age())
        },
      }),
    )
    return ({ events: taken, fired, outcomes }) => {
      events.inc(taken)
      timers.inc(fired.length)
      for (const outcome of outcomes) intents.inc({ outcome })
    }
  }
}
