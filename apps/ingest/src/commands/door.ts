import type { IncomingHttpHeaders } from 'node:http'
import type { Readable } from 'node:stream'
import { FunnelError } from '@funnel/events'
import type { Handled } from '@funnel/event-store'
import { problemOf } from '@funnel/platform'
import type { Budget } from '../body/budget.js'
import { formatOf } from '../body/format.js'
import { readBody } from '../body/read-body.js'
import type { ObjectReader } from '../json/object.js'
import type { CommandKeys } from '../keys/command-keys.js'
import type { Desk } from './desk.js'
import { expectedVersion, idempotencyKey } from './headers.js'
import type { CommandMetrics } from './metrics.js'

/** What came of a command, as HTTP tells it. */
export interface CommandAnswer {
  /** An earlier request under this key recorded it. */
  readonly repeated: boolean
  /** What was recorded; empty where there was nothing to do. */
  readonly events: readonly {
    readonly id: string
    readonly type: string
    readonly stream: string
    readonly version: number
    readonly recorded: string
  }[]
}

/** Takes one command over HTTP: who asks, then the size of the body, then what it says; each step only after the one before. */
export interface CommandDoor {
  /** Resolves after commit. Throws UNAUTHENTICATED, FORBIDDEN, INVALID, TOO_LARGE, OVERLOADED, and what the desk throws. */
  take(headers: IncomingHttpHeaders, stream: Readable): Promise<CommandAnswer>
}

export interface CommandDoorParts {
  readonly keys: CommandKeys
  readonly desk: Desk
  readonly read: ObjectReader
  readonly budget: Budget
  /** Most bytes of a body. */
  readonly bytes: number
  readonly metrics: CommandMetrics
}

export function createCommandDoor({ keys, desk, read, budget, bytes, metrics }: CommandDoorParts): CommandDoor {
  const carryOut = async (headers: IncomingHttpHeaders, stream: Readable): Promise<Handled> => {
    const { authorization, 'x-funnel-token': token } = headers
    const source = await keys.sourceOf({ token, authorization })
    const key = idempotencyKey(headers)
    const expected = expectedVersion(headers)
    const share = budget.share(source)
    try {
      const { type, actor, ...fields } = read(
        await readBody(stream, declaredLength(headers), format(headers, bytes), share),
      )
      return await desk.carryOut({ type, actor, fields, source, key, ...(expected !== undefined && { expected }) })
    } finally {
      share.release()
    }
  }
  return {
    async take(headers, stream) {
      const ended = metrics.command()
      try {
        const { events, repeated } = await carryOut(headers, stream)
        ended(repeated ? 'repeated' : events.length ? 'recorded' : 'nothing')
        return {
          repeated,
          events: events.map(({ event: { id, type }, stream, version, recorded }) => ({
            id,
            type,
            stream,
            version,
            recorded: new Date(recorded).toISOString(),
          })),
        }
      } catch (error) {
        ended(problemOf(error).code)
        throw error
      }
    },
  }
}

const declaredLength = (headers: IncomingHttpHeaders): number | undefined =>
  headers['content-length'] === undefined ? undefined : Number(headers['content-length'])

/** How the body is packed. Takes no text/plain, which a web page may send anywhere without asking. */
function format(headers: IncomingHttpHeaders, bytes: number): { readonly bytes: number; readonly gzip: boolean } {
  const type = headers['content-type']
  if (!/^application\/json\b/i.test(type ?? ''))
    throw new FunnelError('INVALID', 'send the command with content-type: application/json', {
      field: 'content-type',
      status: 415,
    })
  return { bytes, gzip: formatOf(type, headers['content-encoding']).gzip }
}
