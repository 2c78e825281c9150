import { mkdirSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'

interface Node {
  readonly dir: string
  readonly node: number
  readonly port: number
  readonly controllerPort: number
  readonly size: number
}

/** Writes one broker's settings; says where they, its data and its log are. */
export function writeProperties(node: Node): { properties: string; data: string; log: string } {
  const data = join(node.dir, `data-${node.node}`)
  const properties = join(node.dir, `server-${node.node}.properties`)
  mkdirSync(data, { recursive: true })
  const lines = Object.entries(propertiesOf(node, data)).map(([name, value]) => `${name}=${value}\n`)
  writeFileSync(properties, lines.join(''))
  return { properties, data, log: join(node.dir, `broker-${node.node}.log`) }
}

function propertiesOf({ node, port, controllerPort, size }: Node, data: string): Record<string, string | number> {
  const controller = node === 1
  const replicas = Math.min(3, size)
  const inSync = Math.min(2, replicas)
  return {
    'process.roles': controller ? 'broker,controller' : 'broker',
    'node.id': node,
    'controller.quorum.voters': `1@127.0.0.1:${controllerPort}`,
    'controller.listener.names': 'CONTROLLER',
    listeners: `PLAINTEXT://127.0.0.1:${port}${controller ? `,CONTROLLER://127.0.0.1:${controllerPort}` : ''}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${port}`,
    'inter.broker.listener.name': 'PLAINTEXT',
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'log.dirs': data,
    'auto.create.topics.enable': 'false',
    'num.partitions': 1,
    'default.replication.factor': replicas,
    'min.insync.replicas': inSync,
    'offsets.topic.replication.factor': replicas,
    // 50 by default, which makes the first consumer group slow
    'offsets.topic.num.partitions': 1,
    'transaction.state.log.replication.factor': replicas,
    'transaction.state.log.min.isr': inSync,
    'transaction.state.log.num.partitions': 1,
    'share.coordinator.state.topic.replication.factor': replicas,
    'share.coordinator.state.topic.min.isr': inSync,
    'share.coordinator.state.topic.num.partitions': 1,
    'group.initial.rebalance.delay.ms': 0,
    'log.message.timestamp.type': 'CreateTime',
    'log.retention.ms': -1,
    // 128 MiB by default: does not fit a small heap
    'log.cleaner.dedupe.buffer.size': 4_194_304,
    'log.segment.bytes': 67_108_864,
    // 9 s by default: a broker killed with SIGKILL could not come back before
    'broker.session.timeout.ms': 1000,
    'broker.heartbeat.interval.ms': 250,
    'controlled.shutdown.enable': size > 1 ? 'true' : 'false',
    'num.network.threads': 2,
    'num.io.threads': 2,
    'background.threads': 2,
    'num.recovery.threads.per.data.dir': 1,
  }
}

/** Whether something accepts connections on this port of loopback. */
export const accepts = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
