import type { Metadata } from '@grpc/grpc-js'
import { Controller, Inject, UseFilters } from '@nestjs/common'
import { GrpcMethod } from '@nestjs/microservices'
import { definitionFolders, loadAllDefinitions, type AllDefinitions } from '@funnel/definitions'
import { FunnelError, topicById, type FunnelEvent, type Recorded } from '@funnel/events'
import { claimsOn, invalid, recordOf, type BasisRow, type Comparison } from '@funnel/ledger'
import { CONFIG } from '@funnel/platform'
import { patienceOf, ErrorsFilter, type Call } from '@funnel/platform/grpc'
import type { CompareClaimsRequest, CompareClaimsResponse } from '@funnel/query-api'
import type { QueryConfig } from '../config.js'
import { instantOf } from '../kpi/question.js'
import { toBasis, type EventRow } from '../kpi/wire.js'
import { ofLive } from '../read/live.js'
import { ReadModels } from '../read/read-models.js'
import { agreedHistory } from './agreed.js'
import { planClaims } from './plan.js'
import { toComparison } from './wire.js'

/** Events behind one lead; who has more is no person but a robot. */
const MOST = 5000

type Known = EventRow & { readonly sequence: number | null }
type ClaimRow = BasisRow & Known

@Controller()
@UseFilters(ErrorsFilter)
export class ClaimsController {
  private readonly files: AllDefinitions

  constructor(
    @Inject(ReadModels) private readonly models: ReadModels,
    @Inject(CONFIG) { funnelDefinitions }: QueryConfig,
  ) {
    this.files = loadAllDefinitions(definitionFolders(funnelDefinitions))
  }

  @GrpcMethod('ClaimService')
  async compareClaims(request: CompareClaimsRequest, _: Metadata, call: Call): Promise<CompareClaimsResponse> {
    const { database, generations } = this.models
    const patience = patienceOf(call)
    const subject = subjectOf(request)
    const knownAt = instantOf(request.knownAt, 'known_at')
    const { id, basis, found, agreed } = await ofLive(generations, patience, async ({ id, definitions, versions }) => {
      const rows = await database.rows<ClaimRow | (ClaimRow & { readonly id: null })>(
        planClaims(id, subject, knownAt, MOST + 1),
        patience,
      )
      const found = rows.filter((row): row is ClaimRow => row.id !== null)
      const history = await agreedHistory(database, id, this.files, { knownAt, patience })
      return { id, basis: rows[0], found, agreed: { definitions, versions, history } }
    })
    if (found.length > MOST)
      throw new FunnelError(
        'TOO_LARGE',
        `More than ${MOST} events lie behind the ${subject.kind} ${subject.id}`,
        subject,
      )
    const records = found.map(recorded)
    const events = new Map(found.map((row) => [row.id, row]))
    return {
      basis: toBasis(knownAt, id, basis),
      comparisons: claimsOn(subject, records, agreed).map((one) => toComparison(one, events)),
    }
  }
}

/** The event as the fold takes it; its time is the one that counts. */
function recorded(row: Known): Recorded<FunnelEvent> {
  const {
    topic,
    partition,
    position,
    stream,
    version,
    recordedAt,
    id,
    source,
    type,
    occurredAt: at,
    sequence,
    data,
  } = row
  return recordOf({
    topic: topicById(topic),
    partition,
    position,
    stream,
    version,
    recorded: recordedAt,
    id,
    source,
    type,
    at,
    sequence: sequence ?? undefined,
    data,
  })
}

function subjectOf({ subject }: CompareClaimsRequest): Comparison['subject'] {
  if (!subject?.value) return invalid('subject', 'Claims on what? Name a lead or a deal')
  return { kind: subject.$case, id: subject.value }
}
