import { createServer } from 'node:net'
import { FunnelError } from '@funnel/events'
import { dataDirOption, type Folder } from '../workspace/folders.js'

/** Every port of a workspace, as its offset from the first. */
const offsets = {
  ingest: 0,
  query: 1,
  relay: 2,
  projector: 3,
  queryOps: 4,
  postgres: 5,
  kafka: 6,
  automation: 7,
  ingestGrpc: 8,
  slaMonitor: 9,
  notifier: 10,
} as const

export type PortName = keyof typeof offsets
export type Ports = Readonly<Record<PortName, number>>

/** The option that moves one port. */
export const portOptions: Readonly<Record<PortName, string>> = {
  ingest: '--ingest-port',
  query: '--query-port',
  relay: '--relay-port',
  projector: '--projector-port',
  queryOps: '--query-ops-port',
  postgres: '--postgres-port',
  kafka: '--kafka-port',
  automation: '--automation-port',
  ingestGrpc: '--ingest-grpc-port',
  slaMonitor: '--sla-monitor-port',
  notifier: '--notifier-port',
}
const titles: Readonly<Record<PortName, string>> = {
  ingest: 'ingest, HTTP',
  query: 'query, gRPC',
  relay: 'relay, health',
  projector: 'projector, health',
  queryOps: 'query, health',
  postgres: 'embedded PostgreSQL',
  kafka: 'local Kafka',
  automation: 'automation, health',
  ingestGrpc: 'commands, gRPC',
  slaMonitor: 'SLA monitor, health',
  notifier: 'notifier, health',
}
export const portNames = Object.keys(offsets) as readonly PortName[]
export const DEFAULT_BASE = 7070

/** The ports: those named, the others from `base` on. Throws INVALID when two are the same. */
export function choosePorts(base: number, named: Partial<Ports>): Ports {
  const ports = Object.fromEntries(portNames.map((name) => [name, named[name] ?? base + offsets[name]])) as Record<
    PortName,
    number
  >
  for (const name of portNames) {
    if (ports[name] < 1 || ports[name] > 65_535)
      throw new FunnelError('INVALID', `${ports[name]} is no port (1 to 65535): ${portOptions[name]}, --port-base`)
    const twin = portNames.find((other) => other !== name && ports[other] === ports[name])
    if (twin)
      throw new FunnelError(
        'INVALID',
        `port ${ports[name]} is meant for both ${titles[name]} and ${titles[twin]}: change ${portOptions[name]} or ${portOptions[twin]}`,
      )
  }
  return ports
}

/** A first port whose followers are all apart from these. */
export function baseBeside(taken: readonly number[]): number {
  const last = Math.max(...Object.values(offsets))
  for (let base = DEFAULT_BASE + 100; base + last <= 65_535; base += 100)
    if (!taken.some((port) => port >= base && port <= base + last)) return base
  return DEFAULT_BASE
}

/** Throws CONFLICT naming every port that is in use, what it is for and the option that moves it. */
export async function assertFree(
  host: string,
  ports: Ports,
  used: readonly PortName[],
  holderOf: (port: number) => Folder | undefined = () => undefined,
): Promise<void> {
  const free = await Promise.all(
    used.map((name) => isFree(name === 'postgres' || name === 'kafka' ? '127.0.0.1' : host, ports[name])),
  )
  const busy = used.filter((_, i) => !free[i])
  if (!busy.length) return
  const lines = busy.map(
    (name) => `port ${ports[name]} (${titles[name]}) is in use: ${portOptions[name]} N takes another one`,
  )
  const holder = busy.map((name) => holderOf(ports[name])).find((found) => found !== undefined)
  throw new FunnelError(
    'CONFLICT',
    [
      ...lines,
      holder
        ? `They belong to the workspace ${holder.workspace}: stop it with \`npx funnel down --workspace ${holder.workspace}${dataDirOption(holder)}\`, or move all ports at once with --port-base N`
        : 'Stop what listens there, or move all ports at once with --port-base N',
    ].join('\n       '),
    { ports: busy.map((name) => ports[name]) },
  )
}

const isFree = (host: string, port: number): Promise<boolean> =>
  new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE' || error.code === 'EACCES') resolve(false)
      else reject(error)
    })
    server.listen(port, host, () => server.close(() => resolve(true)))
  })
