import {
  Inject,
  Module,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
  type OnModuleInit,
} from '@nestjs/common'
import type pg from 'pg'
import { Counter, Gauge, Registry } from 'prom-client'
import { openEventLog, postgresEventTail, type EventLog, type EventTail } from '@funnel/event-log'
import {
  deliver,
  loadDestinations,
  migrateNotify,
  notifier,
  notifierTopics,
  openSender,
  standing,
  startSending,
  startUpkeep,
  type Destination,
  type Sender,
  type Sending,
  type Standing,
} from '@funnel/notify'
import { CONFIG, createPool, Health, LOGGER, type Logger } from '@funnel/platform'
import { migrateReactor, startReactor, type Running } from '@funnel/reactor'
import type { NotifierConfig } from './config.js'

/** A loop that has not come round for so long is stuck. Milliseconds. */
const STUCK = 60_000
/** How often it is counted what waits. Milliseconds. */
const COUNT = 5000

/** Wires the notifier: the projection of verdicts to notifications, and the loop that sends them. */
@Module({})
export class NotifierModule implements OnModuleInit, OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly pool: pg.Pool
  private readonly tail: EventTail
  private readonly log: EventLog
  private readonly destinations: readonly Destination[]
  private readonly sender: Sender
  private running: Running | undefined
  private sending: Sending | undefined
  private upkeep: ReturnType<typeof startUpkeep> | undefined
  private counting: NodeJS.Timeout | undefined
  private standing: Standing = { waiting: 0, dead: 0, oldest: 0 }

  constructor(
    @Inject(CONFIG) private readonly config: NotifierConfig,
    @Inject(LOGGER) private readonly logger: Logger,
    @Inject(Health) private readonly health: Health,
    @Inject(Registry) private readonly registry: Registry,
  ) {
    const allowPrivate = config.funnelAllowPrivateDestinations === 'true'
    this.destinations = loadDestinations(config.funnelDestinations, { allowPrivate })
    this.sender = openSender({ allowPrivate })
    this.pool = createPool(config.databaseUrl, 'funnel-notifier', 8)
    this.tail = postgresEventTail(this.pool)
    this.log = openEventLog(this.pool, this.tail, config, 'funnel-notifier')
  }

  async onModuleInit(): Promise<void> {
    await migrateReactor(this.config.databaseUrl)
    await migrateNotify(this.config.databaseUrl)
  }

  onApplicationBootstrap(): void {
    const made = new Counter({
      name: 'funnel_notifier_notifications_total',
      help: 'Notifications made of verdicts',
      registers: [this.registry],
    })
    const attempts = new Counter({
      name: 'funnel_notifier_deliveries_total',
      help: 'Attempts to deliver, by type of destination and outcome: sent, retry (it is tried again), dead (it was given up)',
      labelNames: ['type', 'outcome'],
      registers: [this.registry],
    })
    this.running = startReactor({
      reactor: notifier(this.destinations),
      topics: notifierTopics,
      log: this.log,
      tail: this.tail,
      url: this.config.databaseUrl,
      pool: this.pool,
      execute: deliver(this.pool),
      logger: this.logger,
      onBatch: ({ outcomes }) => made.inc(outcomes.filter((outcome) => outcome === 'done').length),
    })
    this.sending = startSending({
      pool: this.pool,
      destinations: this.destinations,
      sender: this.sender,
      logger: this.logger,
      onOutcome: (type, outcome) => attempts.inc({ type, outcome }),
    })
    this.upkeep = startUpkeep({
      pool: this.pool,
      destinations: this.destinations,
      takenIn: () => (this.running?.active ? (this.running.place?.w ?? undefined) : undefined),
      logger: this.logger,
    })
    this.gauges()
    this.counting = setInterval(() => void this.count(), COUNT)
    this.tellHealth(this.running, this.sending)
    this.logger.info({ destinations: this.destinations.map(({ id, type }) => `${id} (${type})`) }, 'destinations')
  }

  async beforeApplicationShutdown(): Promise<void> {
    clearInterval(this.counting)
    await Promise.all([this.running?.close(), this.sending?.close(), this.upkeep?.close()])
    await this.log.close()
    await this.sender.close()
    await this.pool.end()
  }

  private tellHealth(running: Running, sending: Sending): void {
    this.health.live('loop', () => {
      const silence = Date.now() - Math.min(running.tick, sending.tick)
      return silence > STUCK ? `the loop has not come round for ${Math.round(silence / 1000)} s` : undefined
    })
    this.health.ready('projecting', () => running.trouble)
    this.health.ready('sending', () => sending.trouble)
    this.health.note('dead', () =>
      this.standing.dead ? `${this.standing.dead} notifications were given up: funnel notify list --dead` : undefined,
    )
  }

  private async count(): Promise<void> {
    const ids = this.destinations.map(({ id }) => id)
    this.standing = await standing(this.pool, ids).catch(() => this.standing) // the loops tell of a database that is gone
  }

  private gauges(): void {
    const gauge = (name: string, help: string, value: (now: Standing) => number) => {
      const now = () => value(this.standing)
      this.registry.registerMetric(
        new Gauge({
          name,
          help,
          registers: [],
          collect() {
            this.set(now())
          },
        }),
      )
    }
    gauge('funnel_notifier_waiting', 'Notifications that wait to be delivered', ({ waiting }) => waiting)
    gauge('funnel_notifier_dead', 'Notifications that were given up', ({ dead }) => dead)
    gauge('funnel_notifier_oldest_waiting_seconds', 'How long the oldest that waits has waited', ({ oldest }) => oldest)
  }
}
