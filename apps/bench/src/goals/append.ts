import { mintId, type Envelope } from '@funnel/events'
import { groupCommit, migrateStore, openEventStore } from '@funnel/event-store'
import { syntheticLog, testDatabase } from '@funnel/testing'
import { compare, concurrently, type Figure, type Settings } from '../harness.js'
import { emmett } from '../peers/emmett.js'
import { messageDb } from '../peers/message-db.js'

const CALLERS = 256
/** More make the peers no faster: each of their appends is a transaction. */
const PEER_CALLERS = 16

/**
 * G5: durable append of single events by many callers at once. Each figure counts events whose append has been answered
 * after a commit with fsync on; before the timing the stored rows are counted.
 */
export async function appendOfSingleEvents({ events, rounds }: Settings): Promise<Figure> {
  const database = await testDatabase()
  await migrateStore(database.url)
  const store = await openEventStore({ url: database.url })
  const group = groupCommit(store)
  const others = [await testDatabase(), await testDatabase()] as const
  const emmettStore = emmett(others[0].url)
  await emmettStore.migrate()
  const messageStore = await messageDb(others[1].url)
  const log = [...syntheticLog(events, { seed: 5 })]
  const fresh = (event: Envelope): Envelope => ({ ...event, id: mintId() })
  const payload = JSON.stringify(log[0]!.data)
  // a peer that takes seconds for what we do in one is given a tenth of the work: rates are what is compared
  const fewer = Math.ceil(events / 10)
  try {
    const [first] = await group.append([fresh(log[0]!)])
    if (first?.outcome !== 'recorded') throw new Error('the first event was not recorded')
    return await compare({
      goal: 'G5',
      what: `durable append of single events, ${CALLERS} callers at once`,
      unit: 'events/s',
      rounds,
      ours: {
        name: 'funnel',
        run: async () => {
          await concurrently(events, CALLERS, (i) => group.append([fresh(log[i]!)]))
          return events
        },
      },
      peers: [
        {
          name: 'Emmett',
          target: 8,
          run: async (round) => {
            await concurrently(fewer, PEER_CALLERS, (i) => emmettStore.append(`s-${round}-${i}`, payload))
            return fewer
          },
        },
        {
          name: 'message-db',
          target: 8,
          run: async (round) => {
            await concurrently(fewer, PEER_CALLERS, (i) =>
              messageStore.append(mintId(), `bench-${round}-${i}`, payload),
            )
            return fewer
          },
        },
      ],
      notes: [
        `peers: default settings, ${PEER_CALLERS} callers at once, a pool as large; synchronous_commit on for all`,
      ],
    })
  } finally {
    await group.close()
    await store.close()
    await emmettStore.close()
    await messageStore.close()
    for (const one of [database, ...others]) await one.drop()
  }
}
