import { mintId, type Envelope } from '@funnel/events'
import { advanceHead } from '@funnel/event-log'
import { groupCommit, type Appended } from '@funnel/event-store'
import { CopyIn } from '@funnel/projections'
import { syntheticLog } from '@funnel/testing'
import { compare, concurrently, stopwatch, type Figure, type Settings } from '../harness.js'
import { createWorld, type World } from '../world.js'

/** The most that a request may bring. */
const BATCH = 1000
/** Requests at once: more than go into the transactions that are at work. */
const CALLERS = 16

/**
 * G6: append of batches with de-duplication, places and versions, durable, against COPY of the very same rows into the
 * event table of another copy of the history, which does none of that: the limit of any such append.
 */
export async function appendOfBatches({ history, events, rounds }: Settings): Promise<Figure> {
  const [ours, theirs] = [await createWorld(history), await createWorld(history)]
  const group = groupCommit(ours.store)
  const { w: begin } = await advanceHead(ours.pool)
  const log = [...syntheticLog(events, { seed: 6 })]
  let batch: Envelope[] = []
  let copied: Buffer = Buffer.alloc(0)
  const append = async (): Promise<Appended[]> => {
    const answers: Appended[] = []
    await concurrently(Math.ceil(batch.length / BATCH), CALLERS, async (index) => {
      const events = batch.slice(index * BATCH, (index + 1) * BATCH)
      answers.push(...(await group.append(events)))
    })
    return answers
  }
  const client = await theirs.pool.connect()
  try {
    const figure = await compare({
      what: `durable append with de-duplication in batches of ${BATCH.toLocaleString('en')}, ${events.toLocaleString('en')} events a round`,
      unit: 'events/s',
      rounds,
      ours: {
        name: 'funnel',
        run: async () => {
          batch = log.map((event) => ({ ...event, id: mintId() }))
          const { w } = await advanceHead(ours.pool)
          const stop = stopwatch()
          const answers = await append()
          const done = stop(events)
          assertAll(answers, 'recorded')
          copied = await rowsAfter(ours, w)
          return done
        },
      },
      peers: [
        {
          name: 'COPY of the same rows into the same table',
          run: async () => {
            const stop = stopwatch()
            await client.query('begin; set local synchronous_commit = on')
            const copy = new CopyIn('copy store.event from stdin', copied)
            client.query(copy)
            await copy.done
            await client.query('commit')
            return stop(events)
          },
        },
      ],
      notes: [
        `ours: ${CALLERS} callers at once, of whose batches the group commit of ingest makes transactions; synchronous_commit on`,
        'COPY: text, as psql’s \\copy sends it, made before; all rows of a round in one transaction, same columns, indexes and history; synchronous_commit on',
      ],
    })
    assertAll(await append(), 'duplicate')
    const [left, right] = [await contentAfter(ours, begin), await contentAfter(theirs, begin)]
    if (left.n !== events * (rounds + 1) || right.n !== left.n || right.hash !== left.hash)
      throw new Error(`${events * (rounds + 1)} rows were recorded and copied; there are ${left.n} and ${right.n}`)
    return figure
  } finally {
    client.release()
    await group.close()
    await ours.close()
    await theirs.close()
  }
}

function assertAll(answers: readonly Appended[], wanted: Appended['outcome']): void {
  const other = answers.find(({ outcome }) => outcome !== wanted)
  if (other) throw new Error(`an event that should be ${wanted} is ${other.outcome}`)
}

/** How many rows were recorded after `w`, and a hash of them in whatever order. */
async function contentAfter({ pool }: World, w: number): Promise<{ n: number; hash: string }> {
  const { rows } = await pool.query<{ n: number; hash: string }>(
    'select count(*) n, sum(hashtextextended(e::text, 0))::text hash from store.event e where recorded_at > $1',
    [new Date(w)],
  )
  return rows[0]!
}

/** The rows that were recorded after `w`, as COPY reads them. */
async function rowsAfter({ pool }: World, w: number): Promise<Buffer> {
  const { rows } = await pool.query<{ line: string }>(
    String.raw`select replace(concat_ws(E'\t', topic, partition, position, stream, version, id, type, recorded_at, hash, envelope),
      '\', '\\') || E'\n' as line from store.event where recorded_at > $1`,
    [new Date(w)],
  )
  return Buffer.from(rows.map(({ line }) => line).join(''))
}
