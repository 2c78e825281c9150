import { Inject, Module } from '@nestjs/common'
import { Gauge, Histogram, Registry } from 'prom-client'
import type { AllDefinitions } from '@funnel/definitions'
import { definitionsInForce, postgresDefinitionLog, type EventStore } from '@funnel/event-store'
import { CONFIG, Health, LOGGER, scraped, type Logger } from '@funnel/platform'
import { DecidingService, runs, slaExecutor, slaMonitor, waitingClocks, type Took } from '@funnel/reactor'
import type { SlaMonitorConfig } from './config.js'

/** The SLA monitor, and how late it is. */
@Module({})
export class SlaMonitorModule extends DecidingService {
  private readonly lateness: Histogram

  constructor(
    @Inject(CONFIG) config: SlaMonitorConfig,
    @Inject(LOGGER) logger: Logger,
    @Inject(Health) health: Health,
    @Inject(Registry) registry: Registry,
  ) {
    super('sla-monitor', { config, logger, health, registry })
    this.lateness = new Histogram({
      name: this.metric('lateness_seconds'),
      help: 'How long after its cut a timer had fired and what it led to was recorded',
      buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60, 600],
      registers: [registry],
    })
    const waiting = scraped(waitingClocks(this.pool))
    registry.registerMetric(
      new Gauge({
        name: this.metric('open_clocks'),
        help: 'Clocks of which a warning, a deadline or an escalation is ahead; those that are paused or long overdue have none. As counted last: it is counted anew when that takes a hundredth of the time since then at most. NaN while the database does not answer within two seconds',
        registers: [],
        async collect() {
          this.set(await waiting())
        },
      }),
    )
  }

  protected async decides(definitions: AllDefinitions, store: EventStore) {
    const { funnel, reasons } = definitions
    const decidedBy = definitionsInForce({ funnel, reasons }, postgresDefinitionLog(this.pool))
    return runs(slaMonitor(definitions), slaExecutor(store, decidedBy))
  }

  protected override onBatch({ fired }: Took): void {
    const now = Date.now()
    for (const due of fired) this.lateness.observe((now - due) / 1000)
  }
}
