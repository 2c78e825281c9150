import { CONFIG, type ServiceOptions } from '@funnel/platform'
import type { QueryConfig } from './config.js'
import { GrpcServer } from './grpc/server.js'
import { QueryModule } from './query.module.js'

/** The query service: questions over gRPC, health and metrics over HTTP. */
export const queryService: Omit<ServiceOptions<QueryConfig>, 'config'> = {
  name: 'query',
  module: QueryModule,
  async prepare(app, logger) {
    const { funnelHost, grpcPort } = app.get<QueryConfig>(CONFIG)
    app.connectMicroservice(app.get(GrpcServer).options)
    await app.startAllMicroservices()
    logger.info({ grpc: `${funnelHost}:${grpcPort}` }, 'questions are answered')
  },
}
