import type { FactoryProvider } from '@nestjs/common'
import { Registry } from 'prom-client'
import { CONFIG, Health } from '@funnel/platform'
import { GrpcServer } from '@funnel/platform/grpc'
import {
  ClaimServiceService,
  ClockServiceService,
  DealServiceService,
  JourneyServiceService,
  KpiServiceService,
  LeadServiceService,
  StatusServiceService,
} from '@funnel/query-api'
import type { QueryConfig } from '../config.js'

const services = {
  KpiService: KpiServiceService,
  LeadService: LeadServiceService,
  DealService: DealServiceService,
  JourneyService: JourneyServiceService,
  ClaimService: ClaimServiceService,
  ClockService: ClockServiceService,
  StatusService: StatusServiceService,
} as const

/** Questions over gRPC. */
export const grpcServer: FactoryProvider<GrpcServer> = {
  provide: GrpcServer,
  inject: [CONFIG, Registry, Health],
  useFactory: (config: QueryConfig, registry: Registry, health: Health) =>
    new GrpcServer({ config, registry, health, services, metric: 'funnel_query_call_seconds' }),
}
