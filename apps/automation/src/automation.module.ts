import { Inject, Module } from '@nestjs/common'
import { Registry } from 'prom-client'
import type { AllDefinitions } from '@funnel/definitions'
import { definitionsInForce, postgresDefinitionLog, type EventStore } from '@funnel/event-store'
import { CONFIG, Health, LOGGER, type Logger } from '@funnel/platform'
import { automation, DecidingService, executor, runs, type DecidedBy } from '@funnel/reactor'
import type { AutomationConfig } from './config.js'

/** Automation: its rules are those of the definitions, and the queues are told who their members are. */
@Module({})
export class AutomationModule extends DecidingService {
  constructor(
    @Inject(CONFIG) config: AutomationConfig,
    @Inject(LOGGER) logger: Logger,
    @Inject(Health) health: Health,
    @Inject(Registry) registry: Registry,
  ) {
    super('automation', { config, logger, health, registry })
  }

  protected async decides(definitions: AllDefinitions, store: EventStore) {
    const { funnel, reasons, queues } = definitions
    const decidedBy = definitionsInForce<DecidedBy>({ funnel, reasons, queues }, postgresDefinitionLog(this.pool))
    const { execute, staff } = executor(store, decidedBy)
    await staff()
    return runs(automation(definitions), execute)
  }
}
