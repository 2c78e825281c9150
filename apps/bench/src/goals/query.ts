import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { freePort, SHORT_PAUSES } from '@funnel/platform'
import { Bucket, KpiServiceService, QueryKpiRequest, QueryKpiResponse } from '@funnel/query-api'
import { compare, spread, stopwatch, type Figure, type Settings } from '../harness.js'
import { grpcLoad, loadProcess, ofRounds } from '../load.js'
import { startService } from '../services.js'
import { createWorld, type World } from '../world.js'

const WIDTH = 64
const HALF_LOAD_SECONDS = 2
/** Questions that nobody has asked before. */
const NEW_QUESTIONS = 20
const DAY = 86_400_000
const [FROM, TO] = [Date.UTC(2025, 0), Date.UTC(2026, 0)]

/**
 * G9: a KPI of a year by month and channel, asked of the query service's own process over and over, against a stock
 * grpc-js server that answers with the same message; and how long it takes to answer what was not asked before.
 */
export async function queryOverGrpc({ history, events: calls, rounds }: Settings): Promise<Figure> {
  const world = await createWorld(history)
  const grpcPort = await freePort()
  const query = await startService('query', {
    DATABASE_URL: world.url,
    GRPC_PORT: String(grpcPort),
    NODE_OPTIONS: SHORT_PAUSES,
  })
  const request = leadsSince(FROM)
  const { path } = KpiServiceService.queryKpi
  const ours = grpcLoad(`127.0.0.1:${grpcPort}`, path, request)
  const message = await ours.call()
  await assertLeads(world, message)
  const peer = spawn(
    process.execPath,
    [SHORT_PAUSES, fileURLToPath(new URL('../peers/stock-grpc.js', import.meta.url)), message.toString('base64')],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  const [port] = (await once(peer.stdout, 'data')) as [Buffer]
  const stock = grpcLoad(`127.0.0.1:${String(port).trim()}`, path, request)
  if (!(await stock.call()).equals(message)) throw new Error('the peer gives another answer')
  stock.close()
  const load = loadProcess(`127.0.0.1:${grpcPort}`, path, request)
  const loadOfPeer = loadProcess(`127.0.0.1:${String(port).trim()}`, path, request)
  const flooding = (of: typeof load, pid: number | undefined) => async () => {
    const stop = stopwatch(pid)
    await of.flood(calls, WIDTH)
    return stop(calls)
  }
  try {
    const figure = await compare({
      what: `gRPC query of a KPI of a year by month and channel, ${message.length} bytes, ${WIDTH} calls at once, ${calls.toLocaleString('en')} a round`,
      unit: 'calls/s',
      rounds,
      ours: { name: 'funnel query service', run: flooding(load, query.process.pid) },
      peers: [{ name: 'stock grpc-js server', run: flooding(loadOfPeer, peer.pid) }],
      notes: [
        'driver: frames of HTTP/2 over 4 connections, in a process of its own; all with small semi-spaces; the answer is kept, as while nothing is folded; the peer encodes the same message at each call',
        `half load: calls at half the median rate, ${HALF_LOAD_SECONDS} s a round; a new question: the same from another day on, one at a time, so that it is answered from the read models`,
      ],
    })
    if (!(await ours.call()).equals(message)) throw new Error('the answer has changed')
    const unasked: number[] = []
    for (let day = 1; day <= NEW_QUESTIONS; day++) {
      const start = performance.now()
      await ours.call(leadsSince(FROM + day * DAY))
      unasked.push(performance.now() - start)
    }
    const half = figure.rates['funnel query service']!.median / 2
    const steady: (readonly number[])[] = []
    const ofPeer: (readonly number[])[] = []
    for (let round = 0; round < rounds; round++) {
      steady.push(await load.steady(half, HALF_LOAD_SECONDS))
      ofPeer.push(await loadOfPeer.steady(half, HALF_LOAD_SECONDS))
    }
    const latencies = {
      'p50 at half load': ofRounds(steady, 0.5),
      'p99 at half load': ofRounds(steady, 0.99),
      'stock grpc-js server: p50 at the same rate': ofRounds(ofPeer, 0.5),
      'stock grpc-js server: p99 at the same rate': ofRounds(ofPeer, 0.99),
      'a new question': spread(unasked),
    }
    return { ...figure, latencies }
  } finally {
    ours.close()
    load.close()
    loadOfPeer.close()
    peer.kill()
    await query.stop()
    await world.close()
  }
}

const leadsSince = (from: number): Uint8Array =>
  QueryKpiRequest.encode(
    QueryKpiRequest.fromPartial({
      question: {
        kpi: 'leads',
        bucket: Bucket.BUCKET_MONTH,
        from: new Date(from),
        to: new Date(TO),
        by: ['channel'],
      },
    }),
  ).finish()

/** Throws unless the answer adds up to the leads that the events of the year tell of. */
async function assertLeads({ pool }: World, message: Buffer): Promise<void> {
  const rows = QueryKpiResponse.decode(message).answer?.rows ?? []
  const answered = rows.reduce((sum, { cell }) => sum + (cell?.value?.$case === 'count' ? cell.value.value : 0), 0)
  const { rows: told } = await pool.query<{ n: number }>(
    `select count(distinct envelope->'data'->>'lead') n from store.event
     where type = 'lead.captured' and (envelope->>'time')::timestamptz >= $1 and (envelope->>'time')::timestamptz < $2`,
    [new Date(FROM), new Date(TO)],
  )
  if (answered !== told[0]!.n) throw new Error(`the answer counts ${answered} of ${told[0]!.n} leads`)
}
