import type { Metadata, ServerWritableStream } from '@grpc/grpc-js'
import { Controller, Inject, UseFilters } from '@nestjs/common'
import { GrpcMethod } from '@nestjs/microservices'
import type { Observable } from 'rxjs'
import { patienceOf, ErrorsFilter, type Call } from '@funnel/platform/grpc'
import {
  Clock,
  type ListClocksRequest,
  type ListClocksResponse,
  type WatchClocksRequest,
  type WatchClocksResponse,
} from '@funnel/query-api'
import { intervalOf, streamOf } from '../grpc/stream.js'
import { fingerprintOf, paged, sizeOf, stateOf, tokenOf } from '../kpi/page.js'
import { toBasis } from '../kpi/wire.js'
import { ofLive } from '../read/live.js'
import { ReadModels } from '../read/read-models.js'
import { isPlace, placeOf, planClocks, type ClockRow } from './plan.js'
import { fingerprintOfWatched, isTold, watchClocks } from './watch.js'
import { toClock } from './wire.js'

@Controller()
@UseFilters(ErrorsFilter)
export class ClocksController {
  constructor(@Inject(ReadModels) private readonly models: ReadModels) {}

  /** Clocks that change while somebody pages may be missed or met twice. */
  @GrpcMethod('ClockService')
  async listClocks(request: ListClocksRequest, _: Metadata, call: Call): Promise<ListClocksResponse> {
    const { database, generations } = this.models
    const patience = patienceOf(call)
    const { policies, parties, owners, teams, leads, overdue, over } = request
    const selection = { policies, parties, owners, teams, leads, overdue, over }
    const fingerprint = fingerprintOf(['clocks', selection])
    const after = stateOf(request.pageToken, fingerprint, isPlace)
    const size = sizeOf(request.pageSize)
    const { generation, basis, rows } = await ofLive(generations, patience, async ({ id }) => {
      const statement = planClocks(id, selection, after, size + 1)
      const rows = await database.rows<ClockRow | (ClockRow & { readonly key: null })>(statement, patience)
      return { generation: id, basis: rows[0], rows }
    })
    const found = rows.filter((row): row is ClockRow => row.key !== null)
    const { messages, last } = paged(found, size, { toMessage: toClock, codec: Clock })
    return {
      basis: toBasis(undefined, generation, basis),
      clocks: messages,
      nextPageToken: last ? tokenOf(fingerprint, placeOf(last)) : '',
    }
  }

  @GrpcMethod('ClockService')
  watchClocks(
    request: WatchClocksRequest,
    _: Metadata,
    call: ServerWritableStream<WatchClocksRequest, WatchClocksResponse>,
  ): Observable<WatchClocksResponse> {
    const { policies, parties, owners, teams, leads, overdue } = request
    const watched = { policies, parties, owners, teams, leads, overdue }
    const told = stateOf(request.resumeToken, fingerprintOfWatched(watched), isTold, 'resume_token')
    const interval = intervalOf(request.minIntervalMs)
    const { models } = this
    return streamOf(call, models.ending, (ready, signal) =>
      watchClocks(models, watched, { told, interval }, ready, signal),
    )
  }
}
