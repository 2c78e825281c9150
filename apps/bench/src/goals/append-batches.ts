import { mintId, type Envelope } from '@funnel/events'
import { syntheticLog } from '@funnel/testing'
import { compare, type Figure, type Settings } from '../harness.js'
import { createWorld } from '../world.js'

const BATCH = 1000

/**
 * G6: append of batches with de-duplication, places and versions, durable, against COPY of the very same rows into a
 * table with the same columns and indexes, which does none of that: the limit of any such append.
 */
export async function appendOfBatches({ events, rounds }: Settings): Promise<Figure> {
  const world = await createWorld()
  const { store, pool } = world
  const log = [...syntheticLog(events, { seed: 6 })]
  const fresh = (event: Envelope): Envelope => ({ ...event, id: mintId() })
  const appendAll = async () => {
    const batch = log.map(fresh)
    for (let at = 0; at < batch.length; at += BATCH) await store.append({ events: batch.slice(at, at + BATCH) })
  }
  await appendAll()
  const { rows } = await pool.query<{ n: number; file: string }>(
    `select (select count(*)::int from store.event) n, current_setting('data_directory') || '/bench.copy' file`,
  )
  const { n, file } = rows[0]!
  if (n !== events) throw new Error(`${n} of ${events} events were recorded`)
  await pool.query(`copy store.event to '${file}' (format binary)`)
  await pool.query('create table copied (like store.event including all)')
  const copy = async () => {
    await pool.query(`truncate copied`)
    await pool.query(`begin; set local synchronous_commit = on; copy copied from '${file}' (format binary); commit`)
  }
  try {
    return await compare({
      goal: 'G6',
      what: `durable append with de-duplication in batches of ${BATCH}, ${events.toLocaleString('en')} events`,
      unit: 'events/s',
      rounds,
      ours: {
        name: 'funnel',
        run: async () => {
          await pool.query('truncate store.event')
          await appendAll()
          return events
        },
      },
      peers: [
        {
          name: 'COPY of the same rows, same columns and indexes',
          target: 0.65,
          run: async () => {
            await copy()
            return events
          },
        },
      ],
      notes: ['COPY: binary, from a file on the server, all rows in one transaction; both truncate within the time'],
    })
  } finally {
    await pool.query('drop table copied')
    await world.close()
  }
}
