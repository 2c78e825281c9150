import { Controller, Inject, UseFilters } from '@nestjs/common'
import { GrpcMethod } from '@nestjs/microservices'
import type { Metadata } from '@grpc/grpc-js'
import type { Instant } from '@funnel/events'
import { invalid, millis } from '@funnel/ledger'
import { ErrorsFilter, patienceOf, type Call } from '@funnel/platform/grpc'
import { Deal, Outcome, type ListDealsRequest, type ListDealsResponse } from '@funnel/query-api'
import { instantOf } from '../kpi/question.js'
import { toMoney } from '../kpi/wire.js'
import { ReadModels } from '../read/read-models.js'
import type { Subject, Table } from './list.js'
import { pageOf } from './page.js'

interface DealRow extends Subject {
  readonly lead: string | null
  readonly person: string | null
  readonly account: string | null
  readonly stage: string | null
  readonly outcome: 'open' | 'won' | 'lost' | null
  readonly amount: number | null
  readonly currency: string | null
  readonly owner: string | null
  readonly closedAt: Instant | null
  readonly properties: unknown
  readonly flags: readonly string[] | null
}

const outcomes = { open: Outcome.OUTCOME_OPEN, won: Outcome.OUTCOME_WON, lost: Outcome.OUTCOME_LOST } as const

const deals: Table<DealRow, Deal> = {
  name: 'deal',
  time: 'opened_at',
  columns: `t.lead, t.person, t.account, t.stage, t.outcome, t.amount, t.currency, t.owner, ${millis('t.closed_at')} "closedAt", t.properties, t.flags`,
  codec: Deal,
  toMessage: (row) => ({
    deal: row.key,
    lead: row.lead ?? undefined,
    person: row.person ?? undefined,
    account: row.account ?? undefined,
    stage: row.stage ?? undefined,
    outcome: row.outcome === null ? Outcome.OUTCOME_UNSPECIFIED : outcomes[row.outcome],
    amount:
      row.amount === null || row.currency === null ? undefined : toMoney({ minor: row.amount, currency: row.currency }),
    owner: row.owner ?? undefined,
    openedAt: row.at === null ? undefined : new Date(row.at),
    closedAt: row.closedAt === null ? undefined : new Date(row.closedAt),
    propertiesJson: JSON.stringify(row.properties ?? {}),
    flags: [...(row.flags ?? [])],
  }),
}

@Controller()
@UseFilters(ErrorsFilter)
export class DealsController {
  constructor(@Inject(ReadModels) private readonly models: ReadModels) {}

  @GrpcMethod('DealService')
  async listDeals(request: ListDealsRequest, _: Metadata, call: Call): Promise<ListDealsResponse> {
    const conditions = [
      { column: 'deal', any: request.deals },
      { column: 'stage', any: request.stages },
      { column: 'outcome', any: request.outcomes.map(outcomeOf) },
      { column: 'owner', any: request.owners },
      { column: 'account', any: request.accounts },
      { column: 'lead', any: request.leads },
      { column: 'person', any: request.persons },
      { column: 'flags', any: request.flags, array: true },
      {
        column: 'opened_at',
        from: instantOf(request.openedFrom, 'opened_from'),
        to: instantOf(request.openedTo, 'opened_to'),
      },
      {
        column: 'closed_at',
        from: instantOf(request.closedFrom, 'closed_from'),
        to: instantOf(request.closedTo, 'closed_to'),
      },
    ]
    const { basis, messages, nextPageToken } = await pageOf(this.models, deals, conditions, request, patienceOf(call))
    return { basis, deals: messages, nextPageToken }
  }
}

function outcomeOf(outcome: Outcome, index: number): string {
  const found = Object.entries(outcomes).find(([, value]) => value === outcome)
  return found?.[0] ?? invalid(`outcomes[${index}]`, 'There is no such outcome; there are open, won and lost')
}
