import type { IncomingHttpHeaders } from 'node:http'
import type { Readable } from 'node:stream'
import { FunnelError } from '@funnel/events'
import { problemOf } from '@funnel/platform'
import type { Budget } from '../body/budget.js'
import { formatOf } from '../body/format.js'
import { readBody } from '../body/read-body.js'
import type { WriteKeys } from '../keys/write-keys.js'
import type { Limits } from '../limits.js'
import type { Metrics } from '../metrics.js'
import type { Answer } from './answer.js'
import type { Recorder } from './recorder.js'

/** Takes one request: whose it is, then its size, then its events; each step only after the one before. */
export interface Door {
  /** Resolves after commit. Throws UNAUTHENTICATED, INVALID, TOO_LARGE, OVERLOADED, UNAVAILABLE for the whole request. */
  take(headers: IncomingHttpHeaders, stream: Readable): Promise<Answer>
}

export interface DoorParts {
  readonly keys: WriteKeys
  readonly recorder: Recorder
  readonly budget: Budget
  readonly limits: Limits
  readonly metrics: Metrics
}

export function createDoor({ keys, recorder, budget, limits, metrics }: DoorParts): Door {
  const record = async (headers: IncomingHttpHeaders, stream: Readable): Promise<Answer> => {
    const receivedAt = Date.now()
    const { source } = await keys.ownerOf(headers.authorization)
    const { layout, gzip } = formatOf(headers['content-type'], headers['content-encoding'])
    const importid = importOf(headers['x-funnel-import'])
    const share = budget.share(source)
    try {
      const declared = headers['content-length'] === undefined ? undefined : Number(headers['content-length'])
      const body = await readBody(stream, declared, { bytes: limits.requestBytes, gzip }, share)
      return await recorder.record(body, layout, { source, receivedAt, ...(importid !== undefined && { importid }) })
    } finally {
      share.release()
    }
  }
  return {
    async take(headers, stream) {
      const ended = metrics.request()
      try {
        const answer = await record(headers, stream)
        metrics.answered(answer)
        ended(200)
        return answer
      } catch (error) {
        ended(problemOf(error).status)
        throw error
      }
    },
  }
}

/** The import a request belongs to, as `funnel import` says it. */
function importOf(header: string | string[] | undefined): string | undefined {
  if (header === undefined) return undefined
  if (typeof header === 'string' && /^[\w.:-]{1,200}$/.test(header)) return header
  throw new FunnelError('INVALID', 'x-funnel-import must be 1 to 200 letters, digits, dots, colons, dashes', {
    field: 'x-funnel-import',
  })
}
