import { Controller, Inject, UseFilters } from '@nestjs/common'
import { GrpcMethod } from '@nestjs/microservices'
import type { Metadata } from '@grpc/grpc-js'
import type { Instant } from '@funnel/events'
import { millis } from '@funnel/ledger'
import { ErrorsFilter, patienceOf, type Call } from '@funnel/platform/grpc'
import { Lead, type ListLeadsRequest, type ListLeadsResponse } from '@funnel/query-api'
import { instantOf } from '../kpi/question.js'
import { ReadModels } from '../read/read-models.js'
import type { Subject, Table } from './list.js'
import { pageOf } from './page.js'

interface LeadRow extends Subject {
  readonly person: string | null
  readonly stage: string | null
  readonly owner: string | null
  readonly channel: string | null
  readonly stageAt: Instant | null
  readonly properties: unknown
  readonly flags: readonly string[] | null
}

const leads: Table<LeadRow, Lead> = {
  name: 'lead',
  time: 'captured_at',
  columns: `t.person, t.stage, t.owner, t.channel, ${millis('t.stage_at')} "stageAt", t.properties, t.flags`,
  codec: Lead,
  toMessage: (row) => ({
    lead: row.key,
    person: row.person ?? undefined,
    stage: row.stage ?? undefined,
    owner: row.owner ?? undefined,
    channel: row.channel ?? undefined,
    capturedAt: row.at === null ? undefined : new Date(row.at),
    stageAt: row.stageAt === null ? undefined : new Date(row.stageAt),
    propertiesJson: JSON.stringify(row.properties ?? {}),
    flags: [...(row.flags ?? [])],
  }),
}

@Controller()
@UseFilters(ErrorsFilter)
export class LeadsController {
  constructor(@Inject(ReadModels) private readonly models: ReadModels) {}

  @GrpcMethod('LeadService')
  async listLeads(request: ListLeadsRequest, _: Metadata, call: Call): Promise<ListLeadsResponse> {
    const conditions = [
      { column: 'lead', any: request.leads },
      { column: 'stage', any: request.stages },
      { column: 'channel', any: request.channels },
      { column: 'owner', any: request.owners },
      { column: 'person', any: request.persons },
      { column: 'flags', any: request.flags, array: true },
      {
        column: 'captured_at',
        from: instantOf(request.capturedFrom, 'captured_from'),
        to: instantOf(request.capturedTo, 'captured_to'),
      },
    ]
    const { basis, messages, nextPageToken } = await pageOf(this.models, leads, conditions, request, patienceOf(call))
    return { basis, leads: messages, nextPageToken }
  }
}
