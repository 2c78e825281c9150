import {
  Inject,
  Module,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
  type OnModuleInit,
} from '@nestjs/common'
import { Registry } from 'prom-client'
import { migrateStore } from '@funnel/event-store'
import { CONFIG, Health, LOGGER, type Logger } from '@funnel/platform'
import { RelayConfig } from './config.js'
import { RelayProcess } from './relay-process.js'

@Module({})
export class RelayModule implements OnModuleInit, OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #process: RelayProcess
  readonly #databaseUrl: string

  constructor(
    @Inject(CONFIG) config: RelayConfig,
    @Inject(LOGGER) logger: Logger,
    @Inject(Health) health: Health,
    @Inject(Registry) registry: Registry,
  ) {
    this.#databaseUrl = config.databaseUrl
    this.#process = new RelayProcess(config, { logger, health, registry })
  }

  async onModuleInit(): Promise<void> {
    await migrateStore(this.#databaseUrl)
  }

  onApplicationBootstrap(): void {
    this.#process.start()
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.#process.close()
  }
}
