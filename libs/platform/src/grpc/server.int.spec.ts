import { once } from 'node:events'
import { connect as connectHttp2 } from 'node:http2'
import { connect } from 'node:net'
import { Client, credentials, type ClientReadableStream } from '@grpc/grpc-js'
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals'
import { Module } from '@nestjs/common'
import { Registry } from 'prom-client'
import { StatusServiceService } from '@funnel/query-api'
import { IsInt } from 'class-validator'
import { ServiceConfig } from '../config.js'
import { freePort } from '../free-port.js'
import { Health } from '../health.js'
import { CONFIG, startService, type Service } from '../service.js'
import { GrpcServer, serveGrpc } from './server.js'

class ProbeConfig extends ServiceConfig {
  @IsInt()
  grpcPort!: number
}

@Module({
  providers: [
    {
      provide: GrpcServer,
      inject: [CONFIG, Registry, Health],
      useFactory: (config: ProbeConfig, registry: Registry, health: Health) =>
        new GrpcServer({
          config,
          registry,
          health,
          services: { StatusService: StatusServiceService },
          metric: 'probe_call_seconds',
        }),
    },
  ],
})
class ProbeModule {}

let service: Service
let port: number
beforeEach(async () => {
  // what takes minutes is over at once; the rest goes on as ever
  jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask', 'hrtime', 'performance', 'Date'] })
  port = await freePort()
  const config = Object.assign(new ProbeConfig(), { logLevel: 'silent', port: 0, grpcPort: port })
  service = await startService({ name: 'probe', config, module: ProbeModule, prepare: serveGrpc })
})
afterEach(async () => {
  jest.useRealTimers()
  await service.close()
})

const soon = async () => {
  for (let turns = 0; turns < 50; turns++) await new Promise((resolve) => setImmediate(resolve))
}

/** Of RFC 9113: where a frame has its type, and types. */
const [TYPE, SETTINGS, PING] = [3, 4, 6]
const acknowledged = Buffer.from([0, 0, 0, SETTINGS, 1, 0, 0, 0, 0])

describe('A gRPC server', () => {
  it('takes a thousand calls at once over a connection, and tells so', async () => {
    const session = connectHttp2(`http://127.0.0.1:${port}`)
    const [{ maxConcurrentStreams }] = (await once(session, 'remoteSettings')) as [{ maxConcurrentStreams: number }]
    expect(maxConcurrentStreams).toBe(1000)
    session.destroy()
  })

  it('lets a connection go whose client does not answer for a minute and a bit', async () => {
    const silent = connect(port, '127.0.0.1')
    const next = async () => ((await once(silent, 'data')) as [Buffer])[0]
    const settings = Buffer.from([0, 0, 0, SETTINGS, 0, 0, 0, 0, 0])
    silent.write(Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), settings]))
    while (!(await next()).subarray(-9).equals(acknowledged)) continue
    jest.advanceTimersByTime(60_000)
    expect((await next())[TYPE]).toBe(PING)
    const closed = once(silent, 'close')
    jest.advanceTimersByTime(20_000)
    await closed
  })

  it('tells those who watch its health what changed, and nothing in between', async () => {
    const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure())
    const told: number[] = []
    const watch: ClientReadableStream<number> = client.makeServerStreamRequest(
      '/grpc.health.v1.Health/Watch',
      () => Buffer.alloc(0),
      (bytes) => bytes[1]!,
      {},
    )
    watch.on('data', (status: number) => told.push(status)).on('error', () => undefined)
    await once(watch, 'data')
    const seconds = async (n: number) => {
      for (let i = 0; i < n; i++) {
        await jest.advanceTimersByTimeAsync(1000)
        await soon()
      }
    }
    await seconds(300) // none is too long
    expect(told).toEqual([1])
    service.app.get(Health).ready('store', () => 'cannot be reached')
    await seconds(3)
    expect(told).toEqual([1, 2])
    watch.cancel()
    client.close()
  })
})
