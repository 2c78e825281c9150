import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A request as it came in. */
export interface Received {
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** A server that keeps what it gets and answers as it is told. */
export interface Receiver {
  readonly url: string
  readonly received: readonly Received[]
  close(): Promise<void>
}

/** How one request is answered: status and headers; undefined: not at all. */
export type Answer = readonly [status: number, headers?: Readonly<Record<string, string>>, body?: string] | undefined

/** Starts a receiver on loopback; `answer` is asked with how many requests came before. */
export async function startReceiver(
  answer: (before: number, received: Received) => Answer = () => [204],
): Promise<Receiver> {
  const received: Received[] = []
  const server = createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk))
    request.on('end', () => {
      const one = { path: request.url!, headers: request.headers, body }
      const answered = answer(received.push(one) - 1, one)
      if (answered) response.writeHead(answered[0], answered[1]).end(answered[2])
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
