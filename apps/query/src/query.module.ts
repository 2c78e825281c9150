import { Inject, Module, type OnApplicationShutdown, type OnModuleDestroy } from '@nestjs/common'
import { CONFIG, createPool, LOGGER, type Logger } from '@funnel/platform'
import { ClaimsController } from './claims/claims.controller.js'
import { ClocksController } from './clocks/clocks.controller.js'
import type { QueryConfig } from './config.js'
import { grpcServer } from './grpc/server.js'
import { JourneyController } from './journey/journey.controller.js'
import { KpiController } from './kpi/kpi.controller.js'
import { DealsController } from './lists/deals.controller.js'
import { LeadsController } from './lists/leads.controller.js'
import { ReadModels } from './read/read-models.js'
import { Readiness } from './read/readiness.js'
import { StatusController } from './status/status.controller.js'

const CONNECTIONS = 10

@Module({
  controllers: [
    KpiController,
    LeadsController,
    DealsController,
    JourneyController,
    ClocksController,
    ClaimsController,
    StatusController,
  ],
  providers: [
    grpcServer,
    Readiness,
    {
      provide: ReadModels,
      inject: [CONFIG, LOGGER],
      useFactory: ({ readDatabaseUrl, databaseUrl }: QueryConfig, logger: Logger) => {
        const url = readDatabaseUrl ?? databaseUrl
        return new ReadModels(createPool(url, 'funnel-query', CONNECTIONS), url, logger)
      },
    },
  ],
})
export class QueryModule implements OnModuleDestroy, OnApplicationShutdown {
  constructor(@Inject(ReadModels) private readonly models: ReadModels) {}

  onModuleDestroy(): void {
    this.models.endStreams()
  }

  async onApplicationShutdown(): Promise<void> {
    await this.models.close()
  }
}
