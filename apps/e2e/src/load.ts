import { setTimeout as sleep } from 'node:timers/promises'

/** What the client knows of one event it sent. `unknown`: the answer was lost; the same id is sent again until it is known. */
export type Outcome = 'accepted' | 'duplicate' | 'unknown'

/** An event as a producer sends it. */
export interface Sent {
  readonly id: string
  readonly type: string
  readonly time: string
  readonly data: Readonly<Record<string, unknown>>
}

/** The client's own journal: the only judge of what was acknowledged. */
export interface Journal {
  /** Ids acknowledged as recorded, by whatever answer came first. */
  readonly acknowledged: Map<string, Outcome>
  /** Events sent again on purpose though their answer had come. */
  resends: number
  /** Requests whose answer was lost or was a 5xx or 429. */
  failures: number
  /** Verdicts that should never come: rejected or conflict. */
  readonly wrong: string[]
}

export const newJournal = (): Journal => ({ acknowledged: new Map(), resends: 0, failures: 0, wrong: [] })

interface Answer {
  readonly events: readonly { readonly index: number; readonly outcome: string; readonly message?: string }[]
}

/**
 * Sends the events in batches from `width` connections and goes on until every one is acknowledged; a twentieth of the
 * batches is sent a second time. Failures are retried with the same ids, as a good producer does.
 */
export async function send(
  url: string,
  key: string,
  events: readonly Sent[],
  {
    width = 4,
    batch = 100,
    random,
    deadline,
  }: { width?: number; batch?: number; random: () => number; deadline: number },
): Promise<Journal> {
  const journal = newJournal()
  const queue: (readonly Sent[])[] = []
  for (let at = 0; at < events.length; at += batch) {
    const part = events.slice(at, at + batch)
    queue.push(part)
    if (random() < 0.05) {
      queue.push(part)
      journal.resends += part.length
    }
  }
  const worker = async () => {
    for (let part = queue.shift(); part; part = queue.shift())
      await deliver(url, key, part, { journal, random, deadline })
  }
  await Promise.all(Array.from({ length: width }, worker))
  return journal
}

/** Sends one batch until it is acknowledged, and writes down what came of it. Throws when that takes longer than the deadline. */
export async function deliver(
  url: string,
  key: string,
  part: readonly Sent[],
  { journal, random, deadline }: { journal: Journal; random: () => number; deadline: number },
): Promise<void> {
  for (;;) {
    if (Date.now() > deadline)
      throw new Error(`not all events were acknowledged in time; ${journal.failures} requests failed`)
    const answer = await post(url, key, part)
    if (answer) {
      for (const verdict of answer.events) {
        const sent = part[verdict.index]!
        if (verdict.outcome === 'accepted' || verdict.outcome === 'duplicate') {
          if (!journal.acknowledged.has(sent.id)) journal.acknowledged.set(sent.id, verdict.outcome)
        } else journal.wrong.push(`${sent.id}: ${verdict.outcome} ${verdict.message ?? ''}`)
      }
      return
    }
    journal.failures++
    await sleep(100 + random() * 200)
  }
}

async function post(url: string, key: string, events: readonly Sent[]): Promise<Answer | undefined> {
  try {
    const response = await fetch(`${url}/v1/events`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify(events),
      signal: AbortSignal.timeout(15_000),
    })
    if (response.status === 200) return (await response.json()) as Answer
    await response.arrayBuffer()
    if (response.status < 500 && response.status !== 429) throw new TypeError(`ingest answered ${response.status}`)
    return undefined
  } catch (error) {
    if (error instanceof TypeError && error.message.startsWith('ingest answered')) throw error
    return undefined
  }
}
