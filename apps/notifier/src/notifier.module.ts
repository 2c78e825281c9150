import { Inject, Module } from '@nestjs/common'
import { Counter, Gauge, Registry } from 'prom-client'
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
import { comesRound, CONFIG, Health, LOGGER, type Logger } from '@funnel/platform'
import { ReactorService, runs, type Took } from '@funnel/reactor'
import type { NotifierConfig } from './config.js'

/** How often it is counted what waits. Milliseconds. */
const COUNT = 5000

/** The projection of verdicts to notifications, and the loop that sends them. */
@Module({})
export class NotifierModule extends ReactorService {
  private readonly destinations: readonly Destination[]
  private readonly sender: Sender
  private readonly made: Counter
  private sending: Sending | undefined
  private upkeep: ReturnType<typeof startUpkeep> | undefined
  private counting: NodeJS.Timeout | undefined
  private standing: Standing = { waiting: 0, dead: 0, oldest: 0 }

  constructor(
    @Inject(CONFIG) config: NotifierConfig,
    @Inject(LOGGER) logger: Logger,
    @Inject(Health) health: Health,
    @Inject(Registry) registry: Registry,
  ) {
    super('notifier', { config, logger, health, registry }, 8)
    const allowPrivate = config.funnelAllowPrivateDestinations === 'true'
    this.destinations = loadDestinations(config.funnelDestinations, { allowPrivate })
    this.sender = openSender({ allowPrivate })
    this.made = new Counter({
      name: this.metric('notifications_total'),
      help: 'Notifications made of verdicts',
      registers: [registry],
    })
  }

  override async onModuleInit(): Promise<void> {
    await super.onModuleInit()
    await migrateNotify(this.surroundings.config.databaseUrl)
  }

  protected runs() {
    return runs(notifier(this.destinations), deliver(this.pool), notifierTopics)
  }

  protected override onBatch({ outcomes }: Took): void {
    this.made.inc(outcomes.filter((outcome) => outcome === 'done').length)
  }

  override async onApplicationBootstrap(): Promise<void> {
    await super.onApplicationBootstrap()
    const { logger, registry } = this.surroundings
    const attempts = new Counter({
      name: this.metric('deliveries_total'),
      help: 'Attempts to deliver, by type of destination and outcome: sent, retry (it is tried again), dead (it was given up)',
      labelNames: ['type', 'outcome'],
      registers: [registry],
    })
    const { pool, destinations, sender } = this
    this.sending = startSending({
      pool,
      destinations,
      sender,
      logger,
      onOutcome: (type, outcome) => attempts.inc({ type, outcome }),
    })
    this.upkeep = startUpkeep({
      pool,
      destinations,
      takenIn: () => (this.running?.active ? (this.running.place?.w ?? undefined) : undefined),
      logger,
    })
    this.gauges()
    this.counting = setInterval(() => void this.count(), COUNT)
    this.tellHealth(this.sending)
    logger.info({ destinations: destinations.map(({ id, type }) => `${id} (${type})`) }, 'destinations')
  }

  override async beforeApplicationShutdown(): Promise<void> {
    clearInterval(this.counting)
    await Promise.all([this.sending?.close(), this.upkeep?.close()])
    await this.sender.close()
    await super.beforeApplicationShutdown()
  }

  private tellHealth(sending: Sending): void {
    const { health } = this.surroundings
    health.live(
      'sending',
      comesRound(() => sending.tick),
    )
    health.ready('sending', () => sending.trouble)
    health.note('dead', () =>
      this.standing.dead ? `${this.standing.dead} notifications were given up: funnel notify list --dead` : undefined,
    )
  }

  private async count(): Promise<void> {
    const ids = this.destinations.map(({ id }) => id)
    this.standing = await standing(this.pool, ids).catch(() => this.standing) // the loops tell of a database that is gone
  }

  private gauges(): void {
    const gauge = (name: string, help: string, value: (now: Standing) => number) => {
      const metric = this.metric(name)
      const now = () => value(this.standing)
      this.surroundings.registry.registerMetric(
        new Gauge({
          name: metric,
          help,
          registers: [],
          collect() {
            this.set(now())
          },
        }),
      )
    }
    gauge('waiting', 'Notifications that wait to be delivered', ({ waiting }) => waiting)
    gauge('dead', 'Notifications that were given up', ({ dead }) => dead)
    gauge('oldest_waiting_seconds', 'How long the oldest that waits has waited', ({ oldest }) => oldest)
  }
}
