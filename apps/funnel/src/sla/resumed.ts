import { setTimeout as sleep } from 'node:timers/promises'
import { FunnelError } from '@funnel/events'

/** From one attempt to go on to the next, in milliseconds. */
const PAUSE = 1000

interface ResumeOptions {
  readonly signal: AbortSignal
  /** Told each time that the stream broke off. */
  readonly lost: () => void
  readonly pause?: number
}

/**
 * The answers of a stream that outlives its server: when that goes away, or ends the stream, it is asked to go on after the
 * last token it gave, until it does or the signal is aborted. Nothing is left out; the last answers may come twice. Throws
 * what is no such loss, and where it never had a token.
 */
export async function* resumed<Answer extends { readonly resumeToken: string }>(
  watch: (resumeToken: string) => AsyncIterable<Answer>,
  { signal, lost, pause = PAUSE }: ResumeOptions,
): AsyncGenerator<Answer, void, undefined> {
  let token = ''
  for (let isLost = false; !signal.aborted;) {
    try {
      for await (const answer of watch(token)) {
        isLost = false
        if (answer.resumeToken) token = answer.resumeToken
        yield answer
      }
      if (!signal.aborted) throw new FunnelError('UNAVAILABLE', 'The service ended the stream; ask again')
    } catch (error) {
      if (!token || !(error instanceof FunnelError) || error.code !== 'UNAVAILABLE') throw error
      if (!isLost) lost()
      isLost = true
      await sleep(pause, undefined, { signal }).catch(() => undefined)
    }
  }
}
