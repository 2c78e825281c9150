import { setTimeout as sleep } from 'node:timers/promises'
import { mintId } from '@funnel/events'
import { createWriteKey } from '@funnel/event-store'
import { FEW_COLLECTIONS, freePort } from '@funnel/platform'
import { liveGeneration } from '@funnel/projections'
import { createClient } from '@funnel/query-api'
import { syntheticLog } from '@funnel/testing'
import { spread, type Figure, type Settings } from '../harness.js'
import { quantile } from '../load.js'
import { assertRight } from '../right.js'
import { startService } from '../services.js'
import { createWorld } from '../world.js'

const BATCH = 100
/** How long the load runs unhindered to learn what full load is, in milliseconds. */
const FULL = 8000
const DAY = 86_400_000
/** Days on which nobody else captures a lead. */
const DAY_OF_PROBES = Date.UTC(1990, 0, 1)

/**
 * G13: how long after its answer an event is in a KPI's answer, through all four services as processes, while other
 * events come at half the rate that this machine takes in and folds. A probe is a lead on a day of its own, whose KPI is
 * asked until it counts one; in the end the ledger is counted again.
 */
export async function freshness({ history, events: probes, rounds }: Settings): Promise<Figure> {
  const world = await createWorld(history)
  const { pool } = world
  const key = await createWriteKey(pool, 'bench')
  const env = { DATABASE_URL: world.url }
  const grpcPort = await freePort()
  const [ingest, ...others] = await Promise.all([
    startService('ingest', { ...env, GRPC_PORT: '0' }),
    startService('relay', env),
    startService('projector', { ...env, NODE_OPTIONS: FEW_COLLECTIONS }),
    startService('query', { ...env, GRPC_PORT: String(grpcPort) }),
  ])
  const client = createClient(`127.0.0.1:${grpcPort}`)
  const send = async (events: readonly object[]) => {
    const answer = await fetch(`http://127.0.0.1:${ingest.port}/v1/events`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
      body: JSON.stringify(events),
    })
    const { accepted } = (await answer.json()) as { accepted?: number }
    if (accepted !== events.length) throw new Error(`${accepted} of ${events.length} accepted, status ${answer.status}`)
  }
  const source = endless()
  const sendBatch = () => send(Array.from({ length: BATCH }, () => source.next().value))
  const foldedUpTo = async (time: number) => {
    for (;;) {
      const { live } = await client.getStatus()
      if ((live?.watermark?.getTime() ?? 0) >= time) return
      await sleep(20)
    }
  }
  try {
    // full load: what is sent and folded, from the first request until the last event is in the answers
    const start = Date.now()
    let sent = 0
    const sender = async () => {
      for (; Date.now() < start + FULL; sent += BATCH) await sendBatch()
    }
    await Promise.all([sender(), sender()])
    await foldedUpTo(Date.now())
    const full = (sent * 1000) / (Date.now() - start)

    const load = { on: true, sent: 0 }
    const began = performance.now()
    const loading = (async () => {
      while (load.on) {
        const due = began + (load.sent * 1000) / (full / 2)
        const wait = due - performance.now()
        if (wait > 0) await sleep(wait)
        await sendBatch()
        load.sent += BATCH
      }
    })()
    loading.catch(() => (load.on = false)) // told below
    const [medians, tails]: [number[], number[]] = [[], []]
    const aRound = Math.ceil(probes / rounds)
    for (let round = 0; round < rounds; round++) {
      const seen: number[] = []
      for (let n = 0; n < aRound; n++) {
        const day = new Date(DAY_OF_PROBES + (round * aRound + n) * DAY)
        await send([{ type: 'lead.captured', time: day.toISOString(), data: { lead: mintId() } }])
        const answered = performance.now()
        while (!(await counted(client, day))) await sleep(2)
        seen.push(performance.now() - answered)
        await sleep(20)
      }
      const ascending = seen.toSorted((a, b) => a - b)
      medians.push(quantile(ascending, 0.5))
      tails.push(quantile(ascending, 0.99))
      process.stderr.write(`  round ${round + 1}/${rounds}\n`)
    }
    load.on = false
    await loading
    await foldedUpTo(Date.now())
    const live = (await liveGeneration(pool))!
    await assertRight(pool, live, live.w!)
    return {
      what: `from an event's answer to its KPI, PostgreSQL log, ${aRound} probes a round, at half of ${Math.round(full).toLocaleString('en')} events/s`,
      unit: 'events/s',
      rounds,
      rates: {},
      cpu: {},
      ratios: {},
      latencies: { p50: spread(medians), p99: spread(tails) },
      notes: [
        `full load: two callers with batches of ${BATCH} for ${FULL / 1000} s, until the last event is folded; ingest, relay, projector and query are a process each, the load and the probes are in this one`,
        'synchronous_commit on for the append, off for the read models, as in the product',
      ],
    }
  } finally {
    client.close()
    for (const service of [...others, ingest]) await service.stop()
    await world.close()
  }
}

/** Whether there is a lead on this day. */
async function counted(client: ReturnType<typeof createClient>, day: Date): Promise<boolean> {
  const { answer } = await client.queryKpi({
    question: { kpi: 'leads', from: day, to: new Date(day.getTime() + DAY) },
  })
  const value = answer?.rows[0]?.cell?.value
  return value?.$case === 'count' && value.value === 1
}

/** A believable log without an end, as a producer sends it. */
function* endless(): Generator<object, never> {
  for (let seed = 1; ; seed++) for (const { id, type, data } of syntheticLog(1e9, { seed })) yield { id, type, data }
}
