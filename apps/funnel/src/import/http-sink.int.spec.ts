import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from '@jest/globals'
import { derivedId, type Envelope } from '@funnel/events'
import { httpSink } from './http-sink.js'

interface Door {
  readonly url: string
  readonly requests: {
    headers: IncomingMessage['headers']
    ids: string[]
    sequences: (number | undefined)[]
    personal: unknown[]
  }[]
}
interface Reply {
  readonly status: number
  readonly headers?: Record<string, string>
  readonly body?: unknown
}

let server: Server | undefined
afterEach(() => new Promise((resolve) => (server ? server.close(resolve) : resolve(undefined))))

/** A door that answers as told, request by request, and accepts all when it has been told nothing. */
async function door(...replies: Reply[]): Promise<Door> {
  const requests: Door['requests'] = []
  server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const events = JSON.parse(Buffer.concat(chunks).toString()) as {
        id: string
        sequence?: number
        personal?: unknown
      }[]
      requests.push({
        headers: request.headers,
        ids: events.map(({ id }) => id),
        sequences: events.map(({ sequence }) => sequence),
        personal: events.map(({ personal }) => personal),
      })
      const reply = replies.shift() ?? {
        status: 200,
        body: { events: events.map((_, index) => ({ index, outcome: 'accepted' })) },
      }
      response.writeHead(reply.status, { connection: 'close', ...reply.headers }).end(JSON.stringify(reply.body ?? {}))
    })
  })
  await new Promise<void>((resolve) => server!.listen(0, '127.0.0.1', resolve))
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests }
}

const events = (count: number, note = ''): Envelope[] =>
  Array.from({ length: count }, (_, index) => ({
    specversion: '1.0',
    id: derivedId('event', index),
    source: 'crm',
    type: 'deal.lost',
    dataschema: 'deal.lost:1',
    time: '2026-07-13T09:00:00.000Z',
    partitionkey: String(index),
    data: { deal: String(index), properties: { note } },
  }))

describe('The public door', () => {
  it('is given the key and the import, and its verdicts come back in order', async () => {
    const { url, requests } = await door({
      status: 200,
      body: {
        events: [
          { index: 0, outcome: 'accepted' },
          { index: 1, outcome: 'duplicate' },
          { index: 2, outcome: 'rejected', code: 'INVALID', field: 'data.deal', message: 'no' },
        ],
      },
    })
    const verdicts = await httpSink(url, 'secret', 'import-1').send(events(3))
    expect(verdicts.map(({ outcome }) => outcome)).toEqual(['recorded', 'duplicate', 'rejected'])
    expect(verdicts[2]).toMatchObject({ code: 'INVALID', field: 'data.deal', message: 'no' })
    expect(requests[0]?.headers).toMatchObject({ authorization: 'Bearer secret', 'x-funnel-import': 'import-1' })
  })

  it('is told the order among events of one time', async () => {
    const { url, requests } = await door()
    const [first, second] = events(2)
    await httpSink(url, 'secret', 'import-1').send([{ ...first!, sequence: 2 }, second!])
    expect(requests[0]?.sequences).toEqual([2, undefined])
  })

  it('is told of persons beside the events', async () => {
    const { url, requests } = await door()
    const [first, second] = events(2)
    await httpSink(url, 'secret', 'import-1').send([{ ...first!, personal: { email: 'ann@example.com' } }, second!])
    expect(requests.map(({ personal }) => personal)).toEqual([[{ email: 'ann@example.com' }, undefined]])
  })

  it('gets no request beyond its limits', async () => {
    const { url, requests } = await door()
    const sent = events(1_000, 'é'.repeat(900))
    expect(await httpSink(url, 'secret', 'import-1').send(sent)).toHaveLength(1_000)
    expect(requests.length).toBeGreaterThan(4)
    for (const { headers } of requests) expect(Number(headers['content-length'])).toBeLessThan(500_000)
    expect(requests.flatMap(({ ids }) => ids)).toEqual(sent.map(({ id }) => id))
  })

  it('is asked again when it is busy, with the same ids', async () => {
    const { url, requests } = await door({ status: 429, headers: { 'retry-after': '0.05' } }, { status: 503 })
    const [verdict] = await httpSink(url, 'secret', 'import-1').send(events(1))
    expect(verdict?.outcome).toBe('recorded')
    expect(requests).toHaveLength(3)
    expect(new Set(requests.map(({ ids }) => ids[0])).size).toBe(1)
  })

  it('is asked again when a request did not reach it in time', async () => {
    const { url, requests } = await door({ status: 408 })
    const [verdict] = await httpSink(url, 'secret', 'import-1').send(events(1))
    expect(verdict?.outcome).toBe('recorded')
    expect(requests).toHaveLength(2)
  })

  it('that stays busy or away ends the import with what to do', async () => {
    const { url } = await door(...Array.from({ length: 9 }, () => ({ status: 503 })))
    await expect(httpSink(url, 'secret', 'import-1', 300).send(events(1))).rejects.toThrow('run the import again')
    await expect(httpSink('http://127.0.0.1:1', 'secret', 'import-1', 0).send(events(1))).rejects.toThrow(
      'cannot be reached',
    )
  })

  it('that does not know the key says so at once', async () => {
    const { url, requests } = await door({ status: 401 })
    await expect(httpSink(url, 'wrong', 'import-1').send(events(1))).rejects.toThrow('does not take this write key')
    expect(requests).toHaveLength(1)
  })
})
