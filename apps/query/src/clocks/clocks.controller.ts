import type { Metadata } from '@grpc/grpc-js'
import { Controller, Inject, UseFilters } from '@nestjs/common'
import { GrpcMethod } from '@nestjs/microservices'
import { deadlineOf, ErrorsFilter, type Call } from '@funnel/platform/grpc'
import { Clock, ClockState, type ListClocksRequest, type ListClocksResponse } from '@funnel/query-api'
import { fingerprintOf, paged, sizeOf, stateOf, tokenOf } from '../kpi/page.js'
import { toBasis } from '../kpi/wire.js'
import { ofLive } from '../read/live.js'
import { ReadModels } from '../read/read-models.js'
import { isPlace, placeOf, planClocks, type ClockRow } from './plan.js'

@Controller()
@UseFilters(ErrorsFilter)
export class ClocksController {
  constructor(@Inject(ReadModels) private readonly models: ReadModels) {}

  /** Clocks that change while somebody pages may be missed or met twice. */
  @GrpcMethod('ClockService')
  async listClocks(request: ListClocksRequest, _: Metadata, call: Call): Promise<ListClocksResponse> {
    const { database, generations } = this.models
    const deadline = deadlineOf(call)
    const { policies, parties, owners, teams, leads, overdue, over } = request
    const selection = { policies, parties, owners, teams, leads, overdue, over }
    const fingerprint = fingerprintOf(['clocks', selection])
    const after = stateOf(request.pageToken, fingerprint, isPlace)
    const size = sizeOf(request.pageSize)
    const { generation, basis, rows } = await ofLive(generations, deadline, async ({ id }) => {
      const statement = planClocks(id, selection, after, size + 1)
      const rows = await database.rows<ClockRow | (ClockRow & { readonly key: null })>(statement, deadline)
      return { generation: id, basis: rows[0], rows }
    })
    const found = rows.filter((row): row is ClockRow => row.key !== null)
    const { messages, last } = paged(found, size, { toMessage, codec: Clock })
    return {
      basis: toBasis(undefined, generation, basis),
      clocks: messages,
      nextPageToken: last ? tokenOf(fingerprint, placeOf(last)) : '',
    }
  }
}

const states = {
  running: ClockState.CLOCK_STATE_RUNNING,
  paused: ClockState.CLOCK_STATE_PAUSED,
  met: ClockState.CLOCK_STATE_MET,
  cancelled: ClockState.CLOCK_STATE_CANCELLED,
  breached: ClockState.CLOCK_STATE_BREACHED,
  ended: ClockState.CLOCK_STATE_ENDED,
} as const

const toMessage = (row: ClockRow): Clock => ({
  clock: row.clock,
  policy: row.policy,
  policyVersion: row.policyVersion,
  party: row.party,
  subject: row.subject,
  lead: row.lead ?? undefined,
  owner: row.owner ?? undefined,
  team: row.team ?? undefined,
  state: states[row.clockState],
  startedAt: new Date(row.startedAt),
  dueAt: row.dueAt === null ? undefined : new Date(row.dueAt),
  leftSeconds: row.left ?? undefined,
  missed: row.missed,
  endedAt: row.endedAt === null ? undefined : new Date(row.endedAt),
})
