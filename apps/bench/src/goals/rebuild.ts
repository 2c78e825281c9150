import { rebuild } from '@funnel/projections'
import { testDatabase } from '@funnel/testing'
import { compare, stopwatch, type Done, type Figure, type Settings } from '../harness.js'
import { forked } from '../peers/forked.js'
import { assertRight } from '../right.js'
import { createWorld, discard, wholeLog } from '../world.js'

/** What Emmett rebuilds: at some hundreds a second more would only take longer. */
const EMMETT = 2000

/**
 * G4: a rebuild of all read models from position 1, beside those that are live and live in the end, against Emmett
 * rebuilding one of its KPIs: events by type and day.
 */
export async function rebuildFromTheStart({ history, rounds }: Settings): Promise<Figure> {
  const world = await createWorld(history)
  const { pool, tail, definitions, head } = world
  let { live } = world
  const database = await testDatabase()
  const peer = forked('emmett-rebuild', database.url, `${EMMETT}`)
  try {
    return await compare({
      what: 'rebuild of all read models from position 1',
      unit: 'events/s',
      ...wholeLog(history, rounds),
      ours: {
        name: 'funnel',
        run: async () => {
          const stop = stopwatch()
          const rebuilt = await rebuild({ pool, tail, definitions })
          const done = stop(history.events)
          await assertRight(pool, rebuilt, head.w)
          await discard(world, live)
          live = rebuilt
          return done
        },
      },
      peers: [
        {
          name: 'Emmett rebuilding one KPI',
          run: () => peer.ask<Done>('rebuild'),
        },
      ],
      notes: [
        'ours: batches of 5,000, indexes after the fold, all rolls sealed; synchronous_commit off, as in the product: an interrupted rebuild starts anew',
        `Emmett: rebuildPostgreSQLProjections over ${EMMETT.toLocaleString('en')} events with one raw SQL projection, default settings, in a process of its own; synchronous_commit on`,
      ],
    })
  } finally {
    peer.kill()
    await database.drop()
    await world.close()
  }
}
