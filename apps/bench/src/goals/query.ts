import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { PostgresEventLog } from '@funnel/event-log'
import { freePort } from '@funnel/platform'
import { Bucket, KpiServiceService, QueryKpiRequest, QueryKpiResponse } from '@funnel/query-api'
import { compare, type Figure, type Settings } from '../harness.js'
import { grpcLoad, quantile } from '../load.js'
import { startService } from '../services.js'
import { assertRight, createWorld, project } from '../world.js'

const HISTORY = 100_000
const WIDTH = 64
const HALF_LOAD_SECONDS = 4

/**
 * G9: a KPI of a year by month and channel, asked of the query service's own process over and over, against a stock
 * grpc-js server that answers with the same message. `events` beyond the usual history lengthen the log.
 */
export async function queryOverGrpc({ events, rounds }: Settings): Promise<Figure> {
  const world = await createWorld()
  const history = Math.max(HISTORY, events)
  const calls = Math.min(events, 20_000)
  const head = await world.grow(history)
  const log = new PostgresEventLog(world.pool, world.tail)
  await assertRight(world, await project(world, log, 'bench', head), head)
  await log.close()
  const grpcPort = await freePort()
  const query = await startService('query', { DATABASE_URL: world.url, GRPC_PORT: String(grpcPort) })
  const request = QueryKpiRequest.encode(
    QueryKpiRequest.fromPartial({
      question: {
        kpi: 'leads',
        bucket: Bucket.BUCKET_MONTH,
        from: new Date('2025-01-01'),
        to: new Date('2026-01-01'),
        by: ['channel'],
      },
    }),
  ).finish()
  const { path } = KpiServiceService.queryKpi
  const ours = grpcLoad(`127.0.0.1:${grpcPort}`, path, request)
  const cold = performance.now()
  const message = await ours.call()
  const first = performance.now() - cold
  if (!QueryKpiResponse.decode(message).answer?.rows.length) throw new Error('the answer is empty')
  const peer = spawn(
    process.execPath,
    [fileURLToPath(new URL('../peers/stock-grpc.js', import.meta.url)), message.toString('base64')],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  const [port] = (await once(peer.stdout, 'data')) as [Buffer]
  const stock = grpcLoad(`127.0.0.1:${String(port).trim()}`, path, request)
  if (!(await stock.call()).equals(message)) throw new Error('the peer gives another answer')
  try {
    const figure = await compare({
      goal: 'G9',
      what: `gRPC query of a KPI by month and channel over ${history.toLocaleString('en')} events, ${message.length} bytes, ${WIDTH} calls at once`,
      unit: 'calls/s',
      rounds,
      ours: { name: 'funnel query service', run: async () => timed(calls, await ours.flood(calls, WIDTH)) },
      peers: [
        {
          name: 'stock grpc-js server',
          target: 1.4,
          run: async () => timed(calls, await stock.flood(calls, WIDTH)),
        },
      ],
      notes: ['driver: raw HTTP/2 in one process, 4 connections; the peer encodes the same message at each call'],
    })
    const half = figure.rates['funnel query service']!.median / 2
    const latencies = await ours.steady(half, HALF_LOAD_SECONDS)
    const [p50, p99] = [quantile(latencies, 0.5), quantile(latencies, 0.99)]
    return {
      ...figure,
      notes: [
        ...figure.notes,
        `at half load: p50 ${p50.toFixed(2)} ms, p99 ${p99.toFixed(2)} ms (goal: p99 < 5 ms, ${p99 < 5 ? 'reached' : 'not reached'}); the first call, not kept yet: ${first.toFixed(1)} ms`,
      ],
    }
  } finally {
    ours.close()
    stock.close()
    peer.kill()
    await query.stop()
    await world.close()
  }
}

const timed = (units: number, rate: number) => ({ units, ms: (units * 1000) / rate })
