import { definitionFolders, loadAllDefinitions } from '@funnel/definitions'
import { deskOn, type Asked, type DemoEvent } from '@funnel/demo'
import { openEventStore } from '@funnel/event-store'

/** How the company reaches the platform. What is sent twice happens once. */
export interface Doors {
  /** Throws when the door takes nothing at the moment. Gives what is to be seen by somebody: an event that was not taken. */
  tell(events: readonly DemoEvent[], signal: AbortSignal): Promise<string | undefined>
  /** Whether it was refused. Throws when the door takes nothing at the moment. */
  ask(asked: Asked, signal: AbortSignal): Promise<'taken' | 'refused'>
  close(): Promise<void>
}

export interface DoorsOptions {
  /** The public door and a write key for it. */
  readonly url: string
  readonly key: string
  readonly databaseUrl: string
}

/** Events go through the public door; commands are carried out at the store until they have a door. */
export async function openDoors({ url, key, databaseUrl }: DoorsOptions): Promise<Doors> {
  const store = await openEventStore({ url: databaseUrl, connections: 2 })
  const ask = deskOn(store, loadAllDefinitions(definitionFolders(process.env['FUNNEL_DEFINITIONS'])))
  return {
    async tell(events, signal) {
      const response = await fetch(`${url}/v1/events`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
        body: JSON.stringify(events),
        signal: AbortSignal.any([signal, AbortSignal.timeout(10_000)]),
      })
      const answer = await response.text()
      if (!response.ok) throw new Error(`ingest answers ${response.status}`)
      return complaint(answer)
    },
    ask: async (asked) => ((await ask(asked)) === 'refused' ? 'refused' : 'taken'),
    close: () => store.close(),
  }
}

/** The demo's own events are always valid; if one is not, that is to be seen. */
function complaint(answer: string): string | undefined {
  const { events = [] } = JSON.parse(answer) as { events?: { outcome: string; message?: string }[] }
  const bad = events.find(({ outcome }) => outcome === 'rejected' || outcome === 'conflict')
  return bad && `an event of the demo was not taken (${bad.outcome}): ${bad.message ?? ''}`
}
