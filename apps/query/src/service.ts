import type { ServiceOptions } from '@funnel/platform'
import { serveGrpc } from '@funnel/platform/grpc'
import type { QueryConfig } from './config.js'
import { QueryModule } from './query.module.js'

/** The query service: questions over gRPC, health and metrics over HTTP. */
export const queryService: Omit<ServiceOptions<QueryConfig>, 'config'> = {
  name: 'query',
  module: QueryModule,
  prepare: serveGrpc,
}
