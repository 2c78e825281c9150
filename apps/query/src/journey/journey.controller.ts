import type { Metadata } from '@grpc/grpc-js'
import { Controller, Inject, UseFilters } from '@nestjs/common'
import { GrpcMethod } from '@nestjs/microservices'
import { invalid, type BasisRow } from '@funnel/ledger'
import { patienceOf, ErrorsFilter, type Call } from '@funnel/platform/grpc'
import type { ListJourneyRequest, ListJourneyResponse } from '@funnel/query-api'
import { fingerprintOf, sizeOf, stateOf, tokenOf } from '../kpi/page.js'
import { instantOf } from '../kpi/question.js'
import { toBasis, toEvent, type EventRow } from '../kpi/wire.js'
import { ofLive } from '../read/live.js'
import { ReadModels } from '../read/read-models.js'
import { isPlace, planJourney, type Place, type Subject } from './plan.js'

interface JourneyRow extends BasisRow, EventRow {
  readonly persons: readonly string[]
  readonly leads: readonly string[]
  readonly deals: readonly string[]
  readonly unattributable: boolean
}

@Controller()
@UseFilters(ErrorsFilter)
export class JourneyController {
  constructor(@Inject(ReadModels) private readonly models: ReadModels) {}

  /** Events that become known while somebody pages are met if they happened later than the page before ended. */
  @GrpcMethod('JourneyService')
  async listJourney(request: ListJourneyRequest, _: Metadata, call: Call): Promise<ListJourneyResponse> {
    const { database, generations } = this.models
    const patience = patienceOf(call)
    const subject = subjectOf(request)
    const selection = {
      types: request.types,
      from: instantOf(request.from, 'from'),
      to: instantOf(request.to, 'to'),
    }
    const fingerprint = fingerprintOf(['journey', subject, selection])
    const after = stateOf(request.pageToken, fingerprint, isPlace)
    const size = sizeOf(request.pageSize)
    const { generation, basis, rows } = await ofLive(generations, patience, async ({ id }) => {
      const rows = await database.rows<JourneyRow | (JourneyRow & { readonly id: null })>(
        planJourney(id, subject, selection, after, size + 1),
        patience,
      )
      return { generation: id, basis: rows[0], rows }
    })
    const found = rows.filter((row): row is JourneyRow => row.id !== null)
    const events = found.slice(0, size)
    const last = events.at(-1)
    const { persons, leads, deals } = rows[0]!
    return {
      basis: toBasis(undefined, generation, basis),
      persons: [...persons],
      leads: [...leads],
      deals: [...deals],
      events: events.map(toEvent),
      unattributable: events.flatMap(({ id, unattributable }) => (unattributable ? [id] : [])),
      nextPageToken: found.length > size && last ? tokenOf(fingerprint, placeOf(last)) : '',
    }
  }
}

const placeOf = ({ occurredAt, recordedAt, topic, partition, position }: JourneyRow): Place => [
  occurredAt,
  recordedAt,
  topic,
  partition,
  position,
]

function subjectOf({ subject }: ListJourneyRequest): Subject {
  if (!subject?.value) return invalid('subject', 'Whose journey? Name a person, an account, a lead or a deal')
  return { kind: subject.$case, id: subject.value }
}
