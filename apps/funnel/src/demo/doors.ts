import type { Asked, DemoCommand, DemoEvent } from '@funnel/demo'

/** How the company reaches the platform. What is sent twice happens once. */
export interface Doors {
  /** Throws when the door takes nothing at the moment. Gives what is to be seen by somebody: an event that was not taken. */
  tell(events: readonly DemoEvent[], signal: AbortSignal): Promise<string | undefined>
  /** Whether it was refused. Throws when the door takes nothing at the moment. */
  ask(asked: Asked, signal: AbortSignal): Promise<'taken' | 'refused'>
}

export interface DoorsOptions {
  /** The public doors, and the keys for them. */
  readonly url: string
  readonly key: string
  readonly commandKey: string
}

/** What a decider, or the door before it, says no to: nothing that a repetition would mend. */
const REFUSED = new Set([400, 404, 409, 422])

export function doorsOf({ url, key, commandKey }: DoorsOptions): Doors {
  const post = (
    path: string,
    bearer: string,
    body: unknown,
    signal: AbortSignal,
    headers: Record<string, string> = {},
  ) =>
    fetch(`${url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${bearer}`, ...headers },
      body: JSON.stringify(body),
      signal: AbortSignal.any([signal, AbortSignal.timeout(10_000)]),
    })
  return {
    async tell(events, signal) {
      const response = await post('/v1/events', key, events, signal)
      const answer = await response.text()
      if (!response.ok) throw new Error(`ingest answers ${response.status}`)
      return complaint(answer)
    },
    async ask({ key: request, actor, command }, signal) {
      const response = await post('/v1/commands', commandKey, { ...withTimes(command), actor }, signal, {
        'idempotency-key': request,
      })
      await response.body?.cancel()
      if (response.ok) return 'taken'
      if (REFUSED.has(response.status)) return 'refused'
      throw new Error(`ingest answers ${response.status}`)
    },
  }
}

/** The command as the door takes it: with an instant as text. */
const withTimes = (command: DemoCommand): object =>
  'deadline' in command ? { ...command, deadline: new Date(command.deadline).toISOString() } : command

/** The demo's own events are always valid; if one is not, that is to be seen. */
function complaint(answer: string): string | undefined {
  const { events = [] } = JSON.parse(answer) as { events?: { outcome: string; message?: string }[] }
  const bad = events.find(({ outcome }) => outcome === 'rejected' || outcome === 'conflict')
  return bad && `an event of the demo was not taken (${bad.outcome}): ${bad.message ?? ''}`
}
