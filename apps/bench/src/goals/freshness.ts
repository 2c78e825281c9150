import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { mintId } from '@funnel/events'
import { createWriteKey, migrateStore } from '@funnel/event-store'
import { freePort } from '@funnel/platform'
import { createClient } from '@funnel/query-api'
import { syntheticLog, testDatabase } from '@funnel/testing'
import { spread, type Figure, type Settings } from '../harness.js'
import { quantile } from '../load.js'
import { startService } from '../services.js'

const BATCH = 100
/** How long the load runs unhindered to learn what full load is, in milliseconds. */
const FULL = 8000
const DAY = 86_400_000
/** Days on which nobody else captures a lead. */
const DAY_OF_PROBES = Date.UTC(1990, 0, 1)

/**
 * G13: how long after its answer an event is in a KPI's answer, through all four services as processes, while other
 * events come at half the rate that this machine takes in and folds. A probe is a lead on a day of its own, whose KPI is asked until it counts one.
 */
export async function freshness({ events: probes, rounds }: Settings): Promise<Figure> {
  const database = await testDatabase()
  await migrateStore(database.url)
  const pool = new pg.Pool({ connectionString: database.url, max: 2 })
  const key = await createWriteKey(pool, 'bench')
  const env = { DATABASE_URL: database.url }
  const grpcPort = await freePort()
  const [ingest, ...others] = await Promise.all([
    startService('ingest', { ...env, GRPC_PORT: '0' }),
    startService('relay', env),
    startService('projector', env),
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
  const folded = async () => {
    const status = await client.getStatus()
    return status.live?.watermark?.getTime() ?? 0
  }
  try {
    // full load: what is sent and folded, from the first request until the last event is in the answers
    const start = Date.now()
    let sent = 0
    const sender = async () => {
      for (; Date.now() < start + FULL; sent += BATCH) await sendBatch()
    }
    await Promise.all([sender(), sender()])
    const last = Date.now()
    while ((await folded()) < last) await sleep(20)
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
    const latencies: number[] = []
    const medians: number[] = []
    const tails: number[] = []
    for (let round = 0; round < rounds; round++) {
      const seen: number[] = []
      for (let n = 0; n < Math.ceil(probes / rounds); n++) {
        const time = new Date(DAY_OF_PROBES + latencies.length * DAY + n * DAY)
        await send([{ type: 'lead.captured', time: time.toISOString(), data: { lead: mintId() } }])
        const answered = performance.now()
        while (!(await counted(client, time))) await sleep(2)
        seen.push(performance.now() - answered)
        await sleep(20)
      }
      latencies.push(...seen)
      const sorted = seen.toSorted((a, b) => a - b)
      medians.push(quantile(sorted, 0.5))
      tails.push(quantile(sorted, 0.99))
      process.stderr.write(`  G13 round ${round + 1}/${rounds}\n`)
    }
    load.on = false
    await loading
    const sorted = latencies.toSorted((a, b) => a - b)
    const [p50, p99] = [quantile(sorted, 0.5), quantile(sorted, 0.99)]
    return {
      goal: 'G13',
      what: `from an event's answer to its KPI, PostgreSQL log, at half of ${Math.round(full)} events/s`,
      unit: 'ms',
      rounds,
      rates: { 'p50 of a round': spread(medians), 'p99 of a round': spread(tails) },
      ratios: {},
      targets: {},
      notes: [
        `${sorted.length} probes: p50 ${p50.toFixed(1)} ms (goal ≤ 50: ${p50 <= 50 ? 'reached' : 'not reached'}), p99 ${p99.toFixed(1)} ms (goal ≤ 250: ${p99 <= 250 ? 'reached' : 'not reached'})`,
      ],
    }
  } finally {
    client.close()
    for (const service of [...others, ingest]) await service.stop()
    await pool.end()
    await database.drop()
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
  for (let seed = 1; ; seed++) for (const { id, type, data } of syntheticLog(10_000, { seed })) yield { id, type, data }
}
