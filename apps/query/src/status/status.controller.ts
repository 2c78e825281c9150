import { Controller, Inject, UseFilters } from '@nestjs/common'
import { GrpcMethod } from '@nestjs/microservices'
import type { Metadata } from '@grpc/grpc-js'
import { CONFIG } from '@funnel/platform'
import { ErrorsFilter, patienceOf, type Call } from '@funnel/platform/grpc'
import type { GetStatusRequest, GetStatusResponse } from '@funnel/query-api'
import type { QueryConfig } from '../config.js'
import { ReadModels } from '../read/read-models.js'
import { statusOf } from './status.js'

@Controller()
@UseFilters(ErrorsFilter)
export class StatusController {
  constructor(
    @Inject(ReadModels) private readonly models: ReadModels,
    @Inject(CONFIG) private readonly config: QueryConfig,
  ) {}

  @GrpcMethod('StatusService')
  async getStatus(_: GetStatusRequest, _metadata: Metadata, call: Call): Promise<GetStatusResponse> {
    return { workspace: this.config.funnelWorkspace, ...(await statusOf(this.models.database, patienceOf(call))) }
  }
}
