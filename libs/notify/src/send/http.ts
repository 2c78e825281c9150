import { STATUS_CODES } from 'node:http'
import { Agent, request } from 'undici'
import { assertAddress, guardedLookup } from './addresses.js'
import { failed, retryAfterOf, type Attempt } from './attempt.js'

/** How long an answer may take from the beginning to its end, in ms. */
export const TIMEOUT = 10_000
/** How much of an answer is read and shown, in bytes. */
const READ = 64 * 1024
const SHOWN = 500

/** Posts JSON to addresses that may be connected to. */
export interface Poster {
  /** Never rejects. Follows no redirects. */
  post(url: string, body: string, headers: Readonly<Record<string, string>>): Promise<Attempt>
  close(): Promise<void>
}

export function poster({
  allowPrivate,
  timeout = TIMEOUT,
  lookup = guardedLookup(allowPrivate),
}: {
  readonly allowPrivate: boolean
  readonly timeout?: number
  readonly lookup?: ReturnType<typeof guardedLookup>
}): Poster {
  const agent = new Agent({ connect: { lookup, timeout }, maxResponseSize: READ })
  return {
    async post(url, body, headers) {
      try {
        assertAddress(new URL(url), allowPrivate)
        const {
          statusCode,
          headers: answered,
          body: answer,
        } = await request(url, {
          method: 'POST',
          body,
          headers: { 'content-type': 'application/json', 'user-agent': 'funnel', ...headers },
          dispatcher: agent,
          signal: AbortSignal.timeout(timeout),
        })
        const ok = statusCode >= 200 && statusCode < 300
        // whoever took it has taken it, however much they say
        const text = await answer.text().catch((error: unknown) => {
          if (ok) return ''
          throw error
        })
        const wait = retryAfterOf([answered['retry-after']].flat()[0], Date.now())
        return {
          ok,
          said: `answered ${statusCode} ${STATUS_CODES[statusCode] ?? ''}${statusCode >= 300 && statusCode < 400 ? '; redirects are not followed' : ''}`.trim(),
          body: text.slice(0, SHOWN),
          ...(statusCode === 410 && { final: true }),
          ...(!ok && wait !== undefined && { retryAfter: wait }),
        }
      } catch (error) {
        return failed(error)
      }
    },
    close: () => agent.destroy(),
  }
}
