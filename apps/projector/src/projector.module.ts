import {
  Inject,
  Module,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
  type OnModuleInit,
} from '@nestjs/common'
import type pg from 'pg'
import { Registry } from 'prom-client'
import { definitionFolders, loadDefinitions } from '@funnel/definitions'
import type { Head } from '@funnel/events'
import { openEventLog, postgresEventTail, type EventLog, type EventTail } from '@funnel/event-log'
import { comesRound, CONFIG, createPool, Health, LOGGER, type Logger } from '@funnel/platform'
import { MANY_VALUES, migrateRead, startProjector, type Projector } from '@funnel/projections'
import type { ProjectorConfig } from './config.js'
import { lagOf, projectorMetrics } from './metrics.js'

/** So many events behind, answers are old enough to say so. */
const BEHIND = 100_000

/** Wires the projector: the log it reads, the database it folds into, and what it tells of itself. */
@Module({})
export class ProjectorModule implements OnModuleInit, OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly store: pg.Pool
  private readonly read: pg.Pool
  private readonly tail: EventTail
  private readonly log: EventLog
  private projector: Projector | undefined
  private head: Head | undefined
  private watch: NodeJS.Timeout | undefined

  constructor(
    @Inject(CONFIG) private readonly config: ProjectorConfig,
    @Inject(LOGGER) private readonly logger: Logger,
    @Inject(Health) private readonly health: Health,
    @Inject(Registry) private readonly registry: Registry,
  ) {
    this.store = createPool(config.databaseUrl, 'funnel-projector-log', 5)
    this.read = createPool(this.readUrl, 'funnel-projector', 4, '-c synchronous_commit=off') // what a crash loses is folded again
    this.tail = postgresEventTail(this.store)
    this.log = openEventLog(this.store, this.tail, config, 'funnel-projector')
  }

  async onModuleInit(): Promise<void> {
    await migrateRead(this.readUrl)
  }

  onApplicationBootstrap(): void {
    const { funnelDefinitions } = this.config
    const definitions = loadDefinitions(definitionFolders(funnelDefinitions))
    const metrics = projectorMetrics(
      this.registry,
      () => this.projector?.generation,
      () => this.head,
      () => this.projector?.dimensionValues ?? new Map<string, number>(),
    )
    this.projector = startProjector({
      log: this.log,
      tail: this.tail,
      url: this.readUrl,
      pool: this.read,
      definitions,
      logger: this.logger,
      onBatch: metrics.batch,
    })
    this.watchHead()
    this.health.live(
      'loop',
      comesRound(() => this.projector?.tick),
    )
    this.health.ready('folding', () => this.projector?.trouble)
    this.health.note('parked', () => {
      const parked = this.projector?.generation?.parked ?? 0
      return parked
        ? `${parked} subjects could not be folded and stand still: mend the fold, then run \`funnel rebuild\``
        : undefined
    })
    this.health.note('definitions', () =>
      this.projector?.outdated
        ? 'the read models were made with other definitions than this process has: run `funnel rebuild`'
        : undefined,
    )
    this.health.note('dimensions', () => {
      const many = [...(this.projector?.dimensionValues ?? [])].filter(([, values]) => values > MANY_VALUES)
      return many.length
        ? `more than ${MANY_VALUES} values, as ids and texts have: ${many.map(([dimension]) => dimension).join(', ')}`
        : undefined
    })
    this.health.ready('lag', () => {
      const lag = lagOf(this.projector?.generation, this.head)
      return lag > BEHIND ? `${lag} events are not folded yet` : undefined
    })
  }

  async beforeApplicationShutdown(): Promise<void> {
    clearTimeout(this.watch)
    await this.projector?.close()
    await this.log.close()
    await this.store.end()
    await this.read.end()
  }

  private get readUrl(): string {
    return this.config.readDatabaseUrl ?? this.config.databaseUrl
  }

  /** The head once a second, for lag; a failure leaves the last one known. */
  private watchHead(): void {
    const look = async () => {
      this.head = await this.tail.heads().catch(() => this.head)
      this.watch = setTimeout(() => void look(), 1000)
    }
    void look()
  }
}
