import { Controller, Inject, UseFilters } from '@nestjs/common'
import { GrpcMethod } from '@nestjs/microservices'
import type { Metadata, ServerWritableStream } from '@grpc/grpc-js'
import type { Observable } from 'rxjs'
import { Encoded, ErrorsFilter, patienceOf, type Call } from '@funnel/platform/grpc'
import {
  QueryKpiResponse,
  WatchKpiResponse,
  type DiffKpiRequest,
  type DiffKpiResponse,
  type ExplainKpiRequest,
  type ExplainKpiResponse,
  type ListKpisRequest,
  type ListKpisResponse,
  type QueryKpiRequest,
  type WatchKpiRequest,
} from '@funnel/query-api'
import { intervalOf, streamOf } from '../grpc/stream.js'
import { ReadModels } from '../read/read-models.js'
import { diff } from './diff.js'
import { explain } from './explain.js'
import { listKpis } from './list-kpis.js'
import { questionOf } from './question.js'
import { watch } from './watch.js'
import { toAnswer } from './wire.js'

@Controller()
@UseFilters(ErrorsFilter)
export class KpiController {
  /** Answers that were sent before, encoded; they go when the answer goes. */
  readonly #encoded = new WeakMap<object, Encoded>()

  constructor(@Inject(ReadModels) private readonly models: ReadModels) {}

  @GrpcMethod('KpiService')
  listKpis(_: ListKpisRequest, _metadata: Metadata, call: Call): Promise<ListKpisResponse> {
    return listKpis(this.models, patienceOf(call))
  }

  @GrpcMethod('KpiService')
  async queryKpi(request: QueryKpiRequest, _: Metadata, call: Call): Promise<Encoded> {
    const question = questionOf(request.question)
    const answered = await this.models.answers.ask(question, patienceOf(call))
    let encoded = this.#encoded.get(answered)
    if (!encoded) {
      encoded = new Encoded(QueryKpiResponse.encode({ answer: toAnswer(question, answered) }).finish())
      this.#encoded.set(answered, encoded)
    }
    return encoded
  }

  @GrpcMethod('KpiService')
  explainKpi(request: ExplainKpiRequest, _: Metadata, call: Call): Promise<ExplainKpiResponse> {
    return explain(this.models, request, patienceOf(call))
  }

  @GrpcMethod('KpiService')
  diffKpi(request: DiffKpiRequest, _: Metadata, call: Call): Promise<DiffKpiResponse> {
    return diff(this.models, request, patienceOf(call))
  }

  @GrpcMethod('KpiService')
  watchKpi(
    request: WatchKpiRequest,
    _: Metadata,
    call: ServerWritableStream<WatchKpiRequest, WatchKpiResponse>,
  ): Observable<Encoded> {
    const question = questionOf(request.question)
    const interval = intervalOf(request.minIntervalMs)
    const { models } = this
    return streamOf(call, models.ending, async function* (ready, signal) {
      for await (const answered of watch(models, question, interval, ready, signal))
        yield new Encoded(WatchKpiResponse.encode({ answer: toAnswer(question, answered) }).finish())
    })
  }
}
