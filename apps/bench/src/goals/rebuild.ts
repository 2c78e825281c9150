import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { rebuild } from '@funnel/projections'
import { testDatabase } from '@funnel/testing'
import { compare, type Figure, type Settings } from '../harness.js'
import { assertRight, createWorld, discard } from '../world.js'

/** What Emmett rebuilds: at some hundreds a second more would only take longer. */
const EMMETT = 2000

/**
 * G4: a rebuild of all read models from position 1, live in the end, against Emmett rebuilding one of its KPIs: events by
 * type and day.
 */
export async function rebuildFromTheStart({ events, rounds }: Settings): Promise<Figure> {
  const world = await createWorld()
  const head = await world.grow(events)
  const { pool, tail, definitions } = world
  const run = async () => {
    const generation = await rebuild({ pool, tail, definitions })
    await pool.query(`update read.generation set state = 'retired' where id = $1`, [generation.id])
    return generation
  }
  const checked = await run()
  await assertRight(world, checked, head)
  await discard(world, checked)
  const database = await testDatabase()
  const peer = fork(fileURLToPath(new URL('../peers/emmett-rebuild.js', import.meta.url)), [
    database.url,
    String(EMMETT),
  ])
  const gone = once(peer, 'exit').then(() => {
    throw new Error('Emmett has ended')
  })
  gone.catch(() => undefined)
  try {
    return await compare({
      goal: 'G4',
      what: `rebuild of all read models from position 1, ${events.toLocaleString('en')} events`,
      unit: 'events/s',
      rounds,
      ours: {
        name: 'funnel',
        run: async () => {
          await discard(world, await run())
          return events
        },
      },
      peers: [
        {
          name: 'Emmett rebuilding one KPI',
          target: 100,
          run: async () => {
            peer.send('rebuild')
            const [ms] = (await Promise.race([once(peer, 'message'), gone])) as [number]
            return { units: EMMETT, ms }
          },
        },
      ],
      notes: [
        `Emmett: rebuildPostgreSQLProjections over ${EMMETT} events with one raw SQL projection, default settings`,
      ],
    })
  } finally {
    peer.kill()
    await database.drop()
    await world.close()
  }
}
