import { STATUS_CODES } from 'node:http'
import { Catch, HttpException, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common'
import { FunnelError, httpStatusOf, type ErrorCode } from '@funnel/events'
import type { Logger } from './logger.js'

/** An error as HTTP tells it: RFC 9457, with our code and the field it is about. */
export interface Problem {
  readonly type: 'about:blank'
  readonly title: string
  readonly status: number
  readonly code: ErrorCode
  readonly detail: string
  readonly field?: string
  /** Seconds after which to try again; also the Retry-After header. */
  readonly retryAfter?: number
  /** The values that matter, such as the version that a stream has. */
  readonly details?: Readonly<Record<string, unknown>>
}

const codeOfStatus: Readonly<Record<number, ErrorCode>> = {
  401: 'UNAUTHENTICATED',
  403: 'FORBIDDEN',
  404: 'NOT_FOUND',
  413: 'TOO_LARGE',
  429: 'OVERLOADED',
  503: 'UNAVAILABLE',
}

/**
 * The problem that an error is to a caller. `details.status` refines the code's status, `details.retryAfter` says when to
 * try again (1 s for OVERLOADED and UNAVAILABLE otherwise). What is no FunnelError and no refusal of the HTTP layer is a
 * bug: INTERNAL, without its message.
 */
export function problemOf(error: unknown): Problem {
  const known = error instanceof FunnelError ? error : funnelErrorOf(error)
  const { code, details, message } = known
  const { status: refined, retryAfter: seconds, field, ...values } = details
  const status = typeof refined === 'number' ? refined : httpStatusOf(code)
  const retryAfter =
    typeof seconds === 'number'
      ? Math.max(1, Math.ceil(seconds))
      : code === 'OVERLOADED' || code === 'UNAVAILABLE'
        ? 1
        : undefined
  return {
    type: 'about:blank',
    title: STATUS_CODES[status] ?? 'Error',
    status,
    code,
    detail: message,
    ...(typeof field === 'string' && { field }),
    ...(retryAfter !== undefined && { retryAfter }),
    ...(status < 500 && Object.keys(values).length > 0 && { details: values }),
  }
}

/** An error of Nest, Fastify or our own code as a FunnelError. */
function funnelErrorOf(error: unknown): FunnelError {
  const status = statusOf(error)
  if (status === undefined || status >= 500)
    return new FunnelError('INTERNAL', 'Something is wrong in the service; its log says what', {}, error)
  return new FunnelError(codeOfStatus[status] ?? 'INVALID', (error as Error).message, { status }, error)
}

function statusOf(error: unknown): number | undefined {
  if (error instanceof HttpException) return error.getStatus()
  const status = (error as { statusCode?: unknown } | undefined)?.statusCode
  return typeof status === 'number' && status >= 400 && status < 600 ? status : undefined
}

interface Reply {
  readonly sent: boolean
  code(status: number): Reply
  header(name: string, value: string): Reply
  send(body: unknown): unknown
}

/** Sends a problem as `application/problem+json`. */
export function sendProblem(reply: Omit<Reply, 'sent'>, problem: Problem): void {
  reply.code(problem.status).header('content-type', 'application/problem+json')
  if (problem.retryAfter !== undefined) reply.header('retry-after', String(problem.retryAfter))
  if (problem.status === 401) reply.header('www-authenticate', 'Bearer')
  reply.send(problem)
}

/** Ends every failed HTTP call of a service with its problem; logs bugs, and what needs an operator. */
@Catch()
export class ProblemFilter implements ExceptionFilter<unknown> {
  readonly #logger: Logger
  constructor(logger: Logger) {
    this.#logger = logger
  }

  catch(error: unknown, host: ArgumentsHost): void {
    const reply = host.switchToHttp().getResponse<Reply>()
    const problem = problemOf(error)
    if (problem.code === 'INTERNAL')
      this.#logger.error({ error: error instanceof Error ? error.stack : String(error) }, 'a request failed')
    if (!reply.sent) sendProblem(reply, problem)
  }
}
