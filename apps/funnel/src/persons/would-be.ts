import { evolved, personDecider, personStreams, type Decided, type Happened, type PersonCommand } from '@funnel/domain'
import { occurredAt, upcastRecord } from '@funnel/events'
import type { Choice } from '../workspace/locate.js'
import { storeOf } from '../workspace/stores.js'

/** What a command about a person would record now. Throws what the platform would say against it. */
export async function wouldBe(choice: Choice, command: PersonCommand): Promise<readonly Decided[]> {
  const { openEventStore } = await import('@funnel/event-store')
  const store = await openEventStore({ url: storeOf(choice).databaseUrl, connections: 1 })
  try {
    const streams = await Promise.all(personStreams(command).map((stream) => store.read(stream)))
    const before = streams.flat().map((record) => {
      const { event } = upcastRecord(record)
      return { type: event.type, data: event.data, at: occurredAt(record) } as Happened
    })
    return personDecider.decide(command, evolved(personDecider, before), Date.now())
  } finally {
    await store.close()
  }
}
