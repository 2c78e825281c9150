import type { FactoryProvider } from '@nestjs/common'
import { Registry } from 'prom-client'
import { CONFIG, Health } from '@funnel/platform'
import { GrpcServer } from '@funnel/platform/grpc'
import { CommandServiceService, limits } from '@funnel/query-api'
import type { IngestConfig } from '../../config.js'

/** Commands over gRPC. They ask for a key of their own, like those over HTTP. */
export const grpcServer: FactoryProvider<GrpcServer> = {
  provide: GrpcServer,
  inject: [CONFIG, Registry, Health],
  useFactory: (config: IngestConfig, registry: Registry, health: Health) =>
    new GrpcServer({
      config,
      registry,
      health,
      services: { CommandService: CommandServiceService },
      ownKeys: ['CommandService'],
      metric: 'funnel_ingest_call_seconds',
      maxRequest: limits.maxCommand,
    }),
}
