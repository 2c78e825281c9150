import {
  Inject,
  Module,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
  type OnModuleInit,
} from '@nestjs/common'
import type pg from 'pg'
import { Counter, Gauge, Registry } from 'prom-client'
import { definitionFolders, loadAllDefinitions } from '@funnel/definitions'
import { openEventLog, postgresEventTail, type EventLog, type EventTail } from '@funnel/event-log'
import {
  definitionsInForce,
  openDecisionStore,
  postgresDefinitionLog,
  simulatedUntil,
  type EventStore,
} from '@funnel/event-store'
import { CONFIG, createPool, Health, LOGGER, type Logger } from '@funnel/platform'
import {
  automation,
  executor,
  migrateReactor,
  startReactor,
  type DecidedBy,
  type Outcome,
  type Running,
} from '@funnel/reactor'
import type { AutomationConfig } from './config.js'

/** A loop that has not come round for so long is stuck. Milliseconds. */
const STUCK = 60_000

/** Wires automation: the log it reads, the store it appends to, and what it tells of itself. */
@Module({})
export class AutomationModule implements OnModuleInit, OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly pool: pg.Pool
  private readonly tail: EventTail
  private readonly log: EventLog
  private store: EventStore | undefined
  private running: Running | undefined

  constructor(
    @Inject(CONFIG) private readonly config: AutomationConfig,
    @Inject(LOGGER) private readonly logger: Logger,
    @Inject(Health) private readonly health: Health,
    @Inject(Registry) private readonly registry: Registry,
  ) {
    this.pool = createPool(config.databaseUrl, 'funnel-automation', 5)
    this.tail = postgresEventTail(this.pool)
    this.log = openEventLog(this.pool, this.tail, config, 'funnel-automation')
  }

  async onModuleInit(): Promise<void> {
    await migrateReactor(this.config.databaseUrl)
    this.store = await openDecisionStore(this.config.databaseUrl)
  }

  async onApplicationBootstrap(): Promise<void> {
    const rules = loadAllDefinitions(definitionFolders(this.config.funnelDefinitions))
    const { funnel, reasons, queues } = rules
    const { execute, staff } = executor(
      this.store!,
      definitionsInForce<DecidedBy>({ funnel, reasons, queues }, postgresDefinitionLog(this.pool)),
    )
    await staff()
    const count = this.counts()
    this.running = startReactor({
      reactor: automation(rules),
      log: this.log,
      tail: this.tail,
      url: this.config.databaseUrl,
      pool: this.pool,
      simulated: await simulatedUntil(this.pool),
      execute,
      logger: this.logger,
      onBatch: ({ events, fired, outcomes }) => count(events, fired, outcomes),
    })
    this.health.live('loop', () => {
      const silence = Date.now() - (this.running?.tick ?? 0)
      return silence > STUCK ? `the loop has not come round for ${Math.round(silence / 1000)} s` : undefined
    })
    this.health.ready('reacting', () => this.running?.trouble)
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.running?.close()
    await this.log.close()
    await this.store?.close()
    await this.pool.end()
  }

  private counts(): (events: number, fired: number, outcomes: readonly Outcome[]) => void {
    const registers = [this.registry]
    const events = new Counter({ name: 'funnel_automation_events_total', help: 'Events taken in', registers })
    const timers = new Counter({ name: 'funnel_automation_timers_total', help: 'Timers that came due', registers })
    const intents = new Counter({
      name: 'funnel_automation_intents_total',
      help: 'What was asked for, by what became of it: done, nothing (it was so already), refused',
      labelNames: ['outcome'],
      registers,
    })
    const age = () => {
      const w = this.running?.place?.w
      return w ? Math.max(0, Date.now() - w) / 1000 : Number.NaN
    }
    this.registry.registerMetric(
      new Gauge({
        name: 'funnel_automation_watermark_age_seconds',
        help: 'How old the instant is up to which everything was taken in; NaN while nothing was',
        registers: [],
        collect() {
          this.set(age())
        },
      }),
    )
    return (taken, fired, outcomes) => {
      events.inc(taken)
      timers.inc(fired)
      for (const outcome of outcomes) intents.inc({ outcome })
    }
  }
}
