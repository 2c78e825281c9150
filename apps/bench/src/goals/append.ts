import { mintId, type Envelope } from '@funnel/events'
import { groupCommit } from '@funnel/event-store'
import { syntheticLog, testDatabase } from '@funnel/testing'
import { compare, concurrently, stopwatch, type Figure, type Settings } from '../harness.js'
import { emmett } from '../peers/emmett.js'
import { messageDb } from '../peers/message-db.js'
import { createWorld } from '../world.js'

const CALLERS = 256
/** More make the peers no faster: each of their appends is a transaction. */
const PEER_CALLERS = 16

/**
 * G5: durable append of single events by many callers at once. Each figure counts events whose append has been answered
 * after a commit with fsync on; what is stored is counted before the figure is told.
 */
export async function appendOfSingleEvents({ history, events, rounds }: Settings): Promise<Figure> {
  const world = await createWorld(history)
  const group = groupCommit(world.store)
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
    const figure = await compare({
      what: `durable append of single events, ${CALLERS} callers at once`,
      unit: 'events/s',
      rounds,
      ours: {
        name: 'funnel',
        run: async () => {
          const stop = stopwatch()
          await concurrently(events, CALLERS, (i) => group.append([fresh(log[i]!)]))
          return stop(events)
        },
      },
      peers: [
        {
          name: 'Emmett',
          run: async (round) => {
            const stop = stopwatch()
            await concurrently(fewer, PEER_CALLERS, (i) => emmettStore.append(`s-${round}-${i}`, payload))
            return stop(fewer)
          },
        },
        {
          name: 'message-db',
          run: async (round) => {
            const stop = stopwatch()
            await concurrently(fewer, PEER_CALLERS, (i) =>
              messageStore.append(mintId(), `bench-${round}-${i}`, payload),
            )
            return stop(fewer)
          },
        },
      ],
      notes: [
        `ours: ${events.toLocaleString('en')} events a round, through the group commit of ingest; ids are looked up in all that is recorded`,
        `peers: ${fewer.toLocaleString('en')} a round, default settings, ${PEER_CALLERS} callers at once and as many connections; their stores begin empty`,
        'synchronous_commit on for all',
      ],
    })
    const { rows } = await world.pool.query<{ n: number }>('select count(*)::int n from store.event')
    assertStored('funnel', rows[0]!.n - history.events, events * (rounds + 1))
    assertStored('Emmett', await emmettStore.stored(), fewer * (rounds + 1))
    assertStored('message-db', await messageStore.stored(), fewer * (rounds + 1))
    return figure
  } finally {
    await group.close()
    await emmettStore.close()
    await messageStore.close()
    await world.close()
    for (const one of others) await one.drop()
  }
}

function assertStored(who: string, stored: number, answered: number): void {
  if (stored !== answered) throw new Error(`${who} has answered for ${answered} events and stored ${stored}`)
}
