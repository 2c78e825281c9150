/** How an attempt to tell somebody went. */
export interface Attempt {
  readonly ok: boolean
  /** In a few words, without secrets. */
  readonly said: string
  /** The beginning of what came back; may repeat what was sent, so it is for the eyes of who asked only. */
  readonly body?: string
  /** Asked not to be tried again. */
  readonly final?: true
  /** Of several recipients, those that have it now although the attempt failed; ids, as in `Outgoing`. */
  readonly taken?: readonly string[]
  /** How long the other side wants to be left alone, in ms. */
  readonly retryAfter?: number
}

/** The reason of a failure as codes tell it: messages of libraries may hold URLs, and those may hold secrets. */
export function failed(error: unknown): Attempt {
  const { name, code, cause, responseCode } = (error ?? {}) as {
    name?: unknown
    code?: unknown
    cause?: { code?: unknown }
    responseCode?: unknown
  }
  if (name === 'TimeoutError' || code === 'ETIMEDOUT') return { ok: false, said: 'no answer in time' }
  const known = [code, cause?.code].find((one) => typeof one === 'string')
  if (known === 'ADDRESS_REFUSED')
    return { ok: false, said: 'the address is private, or of another range that is not connected to' }
  const answered = typeof responseCode === 'number' ? `answered ${responseCode}` : undefined
  return { ok: false, said: [known, answered].filter(Boolean).join(', ') || 'failed' }
}

const DAY = 86_400_000

/** What a header Retry-After asks for, in ms, at most a day; undefined where it is absent or says nothing. */
export function retryAfterOf(header: string | undefined, now: number): number | undefined {
  if (!header) return undefined
  const ms = /^\d+$/.test(header.trim()) ? Number(header) * 1000 : Date.parse(header) - now
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 0), DAY)
}
