import type { LoggerService } from '@nestjs/common'
import { pino, type Logger } from 'pino'

export type { Logger }

/**
 * One JSON line per record on standard output, written before the call returns. Bodies and personal data are never logged:
 * no caller passes them, and the paths where one could slip in are redacted.
 */
export const createLogger = (service: string, level = 'info'): Logger =>
  pino(
    {
      base: { service },
      level,
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: {
        paths: ['authorization', '*.authorization', 'req.headers', 'body', '*.body', '*.password', 'data', '*.data'],
        censor: '[redacted]',
      },
    },
    // what a stream that is not synchronous has left at exit, it tries to write for ever where nobody reads any more
    pino.destination({ dest: 1, sync: true }),
  )

/** Nest's own messages through pino. */
export class NestLogger implements LoggerService {
  readonly #logger: Logger
  constructor(logger: Logger) {
    this.#logger = logger
  }
  log(message: unknown, context?: unknown) {
    this.#logger.debug({ context }, String(message))
  }
  error(message: unknown, stack?: unknown, context?: unknown) {
    this.#logger.error({ context, stack }, String(message))
  }
  warn(message: unknown, context?: unknown) {
    this.#logger.warn({ context }, String(message))
  }
}
