import { createServer, type Http2Server, type ServerHttp2Stream } from 'node:http2'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterEach, describe, expect, it } from '@jest/globals'
import { grpcConnection, type GrpcConnection } from './grpc-connection.js'

const framed = (message: string) => {
  const head = Buffer.alloc(5)
  head.writeUInt32BE(Buffer.byteLength(message), 1)
  return Buffer.concat([head, Buffer.from(message)])
}
const answer = (stream: ServerHttp2Stream, parts: Buffer[], status = 0) => {
  stream.respond({ 'content-type': 'application/grpc' }, { waitForTrailers: true })
  stream.once('wantTrailers', () => stream.sendTrailers({ 'grpc-status': status, 'grpc-message': 'said' }))
  for (const part of parts) stream.write(part)
  stream.end()
}

describe('a connection for one method', () => {
  let server: Http2Server
  let connection: GrpcConnection
  afterEach(() => {
    connection.close()
    server.close()
  })

  const connected = async (
    serve: (stream: ServerHttp2Stream, request: string, path: string) => void,
    maxConcurrentStreams = 100,
  ) => {
    server = createServer({ settings: { maxConcurrentStreams } })
    server.on('stream', (stream, headers) => {
      stream.on('error', () => undefined)
      void text(stream).then((request) => serve(stream, request.slice(5), String(headers[':path'])))
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    connection = grpcConnection('127.0.0.1', (server.address() as AddressInfo).port, '/some.Service/Method')
  }

  it('gets the answer to each request, in however many parts it comes', async () => {
    await connected((stream, request, path) => {
      const whole = framed(`${path} ${request}`)
      answer(stream, [whole.subarray(0, 3), whole.subarray(3, 9), whole.subarray(9)])
    })
    const answers = await Promise.all(['one', 'two'].map((request) => connection.call(Buffer.from(request))))
    expect(answers.map(String)).toEqual(['/some.Service/Method one', '/some.Service/Method two'])
  })

  it('goes on beyond what either side may send at first', async () => {
    const large = 'x'.repeat(5000)
    await connected((stream, request) => answer(stream, [framed(request)]))
    const answers = await Promise.all(Array.from({ length: 100 }, () => connection.call(Buffer.from(large))))
    for (const message of answers) expect(String(message)).toBe(large)
  })

  it('has no more calls at once than the server takes: beyond that it ended the connection', async () => {
    let [open, most] = [0, 0]
    await connected((stream, request) => {
      most = Math.max(most, ++open)
      setTimeout(() => {
        open--
        answer(stream, [framed(request)])
      }, 1)
    }, 2)
    await connection.call(Buffer.from('the server has told by then'))
    const answers = await Promise.all(Array.from({ length: 50 }, (_, i) => connection.call(Buffer.from(`call ${i}`))))
    expect(answers.map(String)).toEqual(Array.from({ length: 50 }, (_, i) => `call ${i}`))
    expect(most).toBe(2)
  })

  it('fails a call that has no answer or another status than OK, is reset, or loses its connection', async () => {
    await connected((stream, request) => {
      if (request === 'refused') stream.respond({ 'grpc-status': 3 }, { endStream: true })
      else if (request === 'broken') answer(stream, [framed('half')], 13)
      else if (request === 'late') answer(stream, [framed('whole')], 10)
      else if (request === 'reset') stream.close(2)
      else stream.session?.destroy()
    })
    for (const request of ['refused', 'broken', 'late'])
      await expect(connection.call(Buffer.from(request))).rejects.toThrow('ended without an answer and the status OK')
    await expect(connection.call(Buffer.from('reset'))).rejects.toThrow('was reset with code 2')
    await expect(connection.call(Buffer.from('lost'))).rejects.toThrow(/ended|goes away/)
    await expect(connection.call(Buffer.from('after'))).rejects.toThrow(/ended|goes away/)
  })
})
