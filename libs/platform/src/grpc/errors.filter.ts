import { Catch, Inject, type RpcExceptionFilter } from '@nestjs/common'
import { FunnelError } from '@funnel/events'
import { toGrpcStatus } from '@funnel/query-api'
import { throwError, type Observable } from 'rxjs'
import type { Logger } from '../logger.js'
import { LOGGER } from '../service.js'

/** Ends a failed call with the gRPC status of its FunnelError; anything else is a bug, logged and told as INTERNAL. */
@Catch()
export class ErrorsFilter implements RpcExceptionFilter<unknown> {
  constructor(@Inject(LOGGER) private readonly logger: Logger) {}

  catch(error: unknown): Observable<never> {
    if (!(error instanceof FunnelError) || error.code === 'INTERNAL')
      this.logger.error({ error: error instanceof Error ? error.stack : String(error) }, 'a call failed')
    const known =
      error instanceof FunnelError
        ? error
        : new FunnelError('INTERNAL', 'Something is wrong in the service; its log says what')
    return throwError(() => toGrpcStatus(known))
  }
}
