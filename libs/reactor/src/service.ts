import type { BeforeApplicationShutdown, OnApplicationBootstrap, OnModuleInit } from '@nestjs/common'
import type pg from 'pg'
import { Counter, Gauge, type Registry } from 'prom-client'
import type { Topic } from '@funnel/events'
import { openEventLog, postgresEventTail, type EventLog, type EventTail } from '@funnel/event-log'
import { comesRound, createPool, type Health, type Logger, type ServiceConfig } from '@funnel/platform'
import type { Took } from './batch.js'
import { migrateReactor } from './migrations/index.js'
import type { Outcome } from './outcome.js'
import type { Intent, Json, Reactor } from './reactor.js'
import { startReactor, type ReactorOptions, type Running } from './start.js'

/** What a service is made of that Nest gives it. */
export interface Surroundings {
  readonly config: ServiceConfig
  readonly logger: Logger
  readonly health: Health
  readonly registry: Registry
}

/** Starts a reactor on what every service has. */
export type Runs = (options: Omit<ReactorOptions<never, never>, 'reactor' | 'execute'>) => Running

/** To run a reactor, with who carries out what it asks for. `topics`: as for `startReactor`. */
export const runs =
  <State extends Json, Command>(
    reactor: Reactor<State, Command>,
    execute: (intent: Intent<Command>) => Promise<Outcome>,
    topics?: readonly Topic[],
  ): Runs =>
  (options) =>
    startReactor({ ...options, ...(topics && { topics }), reactor, execute })

/**
 * A service that runs one reactor: the log that it reads, and what it tells of itself. `name` is that of the service; its
 * metrics begin with `funnel_<name>_`, dashes being underscores. `connections`: to the database, at most.
 */
export abstract class ReactorService implements OnModuleInit, OnApplicationBootstrap, BeforeApplicationShutdown {
  protected readonly pool: pg.Pool
  readonly #tail: EventTail
  readonly #log: EventLog
  #running: Running | undefined

  constructor(
    private readonly name: string,
    protected readonly surroundings: Surroundings,
    connections = 5,
  ) {
    const { config } = surroundings
    this.pool = createPool(config.databaseUrl, `funnel-${name}`, connections)
    this.#tail = postgresEventTail(this.pool)
    this.#log = openEventLog(this.pool, this.#tail, config, `funnel-${name}`)
  }

  /** What it runs; asked for once the database is ready. */
  protected abstract runs(): Runs | Promise<Runs>

  /** Told of every batch that was saved. */
  protected onBatch(_took: Took): void {}

  /** Once it was started. */
  protected get running(): Running | undefined {
    return this.#running
  }

  async onModuleInit(): Promise<void> {
    await migrateReactor(this.surroundings.config.databaseUrl)
  }

  async onApplicationBootstrap(): Promise<void> {
    const { config, logger, health } = this.surroundings
    const start = await this.runs()
    const count = this.#counts()
    this.#running = start({
      log: this.#log,
      tail: this.#tail,
      url: config.databaseUrl,
      pool: this.pool,
      logger,
      onBatch: (took) => {
        count(took)
        this.onBatch(took)
      },
    })
    health.live(
      'loop',
      comesRound(() => this.#running?.tick),
    )
    health.ready('reacting', () => this.#running?.trouble)
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.#running?.close()
    await this.#log.close()
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
