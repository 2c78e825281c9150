import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'

/** Somebody on this machine who is told of broken promises. */
export interface Receiver {
  /** The file of destinations that names it alone, as `sales-hook`. */
  readonly destinations: string
  /** A folder of definitions: that sales answers an offer within a second, which it never does. */
  readonly definitions: string
  /** The bodies it got. */
  readonly received: readonly string[]
  close(): Promise<void>
}

const policy = `id: at-once
version: 1
name: At once
description: Sales answers an offer within a second.
owners: { marketing: Spec, sales: Spec }
approved: { marketing: Spec, sales: Spec }
party: sales
starts: [{ event: [handoff.offered] }]
stops: [{ event: [handoff.accepted] }]
recurs: once
terms: [{ target: 1s, escalations: [{ after: 0s }] }]
`

/** Starts a receiver whose files lie in this folder. */
export async function startReceiver(folder: string): Promise<Receiver> {
  const received: string[] = []
  const server = createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk))
    request.on('end', () => {
      received.push(body)
      response.writeHead(204).end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const destinations = join(folder, 'destinations.yaml')
  writeFileSync(
    destinations,
    `destinations: [{ id: sales-hook, type: webhook, url: 'http://127.0.0.1:${port}', secret: whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw, events: [sla.breached], policies: [at-once] }]`,
  )
  const definitions = join(folder, 'definitions')
  mkdirSync(join(definitions, 'sla'), { recursive: true })
  writeFileSync(join(definitions, 'sla', 'at-once.yaml'), policy)
  return {
    destinations,
    definitions,
    received,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
