import { STATUS_CODES } from 'node:http'
import { Agent, request } from 'undici'
import { assertAddress, guardedLookup } from './addresses.js'
import { failed, retryAfterOf, type Attempt } from './attempt.js'

/** How long an answer may take from the beginning to its end, in ms. */
export const TIMEOUT = 10_000
/** How much of an answer is read, and how much is shown, in bytes and characters. */
const READ = 64 * 1024
const SHOWN = 500

/** Posts JSON to addresses that may be connected to. */
export interface Poster {
  /** Never rejects. Follows no redirects. The status of an answer decides; its body is for the eyes only. */
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
  const agent = new Agent({ connect: { lookup, timeout } })
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
        const text = await beginningOf(answer)
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

/**
 * What is read of a body, up to its end or READ bytes. Never rejects: the status has said what became of what was sent, and
 * a body that breaks off takes nothing back.
 */
async function beginningOf(body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  try {
    for await (const chunk of body) {
      chunks.push(chunk)
      size += chunk.length
      if (size >= READ) break // which ends the connection
    }
  } catch {
    // what has come will do
  }
  return Buffer.concat(chunks).toString()
}
