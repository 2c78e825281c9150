import { isUtf8 } from 'node:buffer'
import { refusalOf, type Defaults, type Refused } from '@funnel/events'
import {
  introduced,
  judged,
  suppliedTo,
  type Appended,
  type EventStore,
  type Fit,
  type GroupCommit,
  type Judged,
  type Rejection,
  type Vault,
} from '@funnel/event-store'
import type { Scanner, Span } from '../json/scanner.js'
import { answerOf, type Answer, type EventAnswer } from './answer.js'

/** Records the events of a request body. */
export interface Recorder {
  /**
   * Resolves when everything in the body is durable: events that are fit in the log, the others among the rejected with
   * their reason. What they tell of persons is in the vault before the events are in the log, so a crash in between leaves
   * at most a profile that no event names. Throws INVALID or TOO_LARGE when the events cannot be told apart, OVERLOADED,
   * UNAVAILABLE: then a resend with the same ids is safe.
   */
  record(body: Buffer, layout: 'batch' | 'lines', defaults: Defaults): Promise<Answer>
}

export function createRecorder(
  scanner: Scanner,
  commit: Pick<GroupCommit, 'append'>,
  store: Pick<EventStore, 'reject' | 'find'>,
  vault: Pick<Vault, 'introduce'>,
): Recorder {
  return {
    async record(body, layout, defaults) {
      const spans = scanner[layout](body)
      const judgements = spans.map((span) => judge(body, span, defaults))
      const verdicts = await introduced(vault, store, judgements, defaults.receivedAt)
      const accepted = verdicts.filter((verdict) => verdict.ok)
      const rejections = verdicts.flatMap((verdict, i) =>
        verdict.ok ? [] : [rejectionOf(verdict, evidence(body, spans[i]!), defaults.source)],
      )
      const appended = await append(commit, accepted)
      // only then: a request that is refused as a whole is sent again, and would leave its evidence each time
      if (rejections.length) await store.reject(rejections)
      let next = 0
      return answerOf(
        verdicts.map((verdict, index) =>
          verdict.ok ? answered(index, verdict, appended[next++]!) : refused(index, verdict),
        ),
      )
    },
  }
}

const append = (commit: Pick<GroupCommit, 'append'>, accepted: readonly Fit[]): Promise<readonly Appended[]> => {
  if (!accepted.length) return Promise.resolve([])
  return commit.append(
    accepted.map(({ event }) => event),
    suppliedTo(accepted),
  )
}

function judge(body: Buffer, { start, end, fault }: Span, defaults: Defaults): Judged {
  if (fault) return { verdict: refusalOf(fault) }
  return judged(JSON.parse(body.toString('utf8', start, end)) as Readonly<Record<string, unknown>>, defaults)
}

function answered(index: number, { event: { id }, minted }: Fit, { outcome }: Appended): EventAnswer {
  if (outcome === 'conflict') return { index, id, outcome, code: 'CONFLICT', field: 'id', message: CONFLICT }
  const answer = { index, id, outcome: outcome === 'recorded' ? ('accepted' as const) : outcome }
  return minted ? { ...answer, minted } : answer
}

const CONFLICT = 'this id was recorded before with other content, which stands: give a new fact an id of its own'

const refused = (index: number, { code, field, message }: Refused): EventAnswer => ({
  index,
  outcome: 'rejected',
  code,
  ...(field !== undefined && { field }),
  message,
})

const rejectionOf = ({ code, field, message }: Refused, body: string, source: string): Rejection => ({
  source,
  code,
  ...(field !== undefined && { field }),
  message,
  body,
})

/** The event as it came; what is not text is kept as base64. */
function evidence(body: Buffer, { start, end }: Span): string {
  const bytes = body.subarray(start, end)
  return isUtf8(bytes) ? bytes.toString() : `base64:${bytes.toString('base64')}`
}
