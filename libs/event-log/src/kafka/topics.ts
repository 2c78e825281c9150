import { FunnelError, topicNames, topics, type Topic } from '@funnel/events'
import type { KafkaClient } from './client.js'
import { naming } from './naming.js'

/** zstd: small, and readable by kafkajs without anything compiled. Kept for ever: a new consumer sees all. */
const config = { 'compression.type': 'zstd', 'retention.ms': '-1' }

/** What kafkajs cannot read: a broker that compresses anew in one of these ends every consumer. */
const UNREADABLE = ['lz4', 'snappy']

/**
 * Creates the topics that are missing, with three replicas where there are as many brokers. Throws INVALID when an
 * existing topic has another number of partitions, as keys would live elsewhere, or a compression that cannot be read.
 */
export async function ensureTopics(
  client: KafkaClient,
  wanted: readonly Topic[] = topicNames,
  { nameOf } = naming(),
): Promise<void> {
  const existing = await client.partitionsOf(wanted.map(nameOf))
  const compression = await client.topicConfigs([...existing.keys()], 'compression.type')
  for (const topic of wanted) {
    const name = nameOf(topic)
    const { partitions } = topics[topic]
    const found = existing.get(name)
    if (found === undefined) continue
    if (found !== partitions)
      throw new FunnelError(
        'INVALID',
        `The Kafka topic ${name} has ${found} partitions and must have ${partitions}: delete it, it is published again`,
        { topic: name, found, wanted: partitions },
      )
    const type = compression.get(name)
    if (type !== undefined && UNREADABLE.includes(type))
      throw new FunnelError(
        'INVALID',
        `The Kafka topic ${name} is compressed with ${type}, which consumers cannot read: delete it, it is published again`,
        { topic: name, found: type, wanted: config['compression.type'] },
      )
  }
  const missing = wanted.filter((topic) => !existing.has(nameOf(topic)))
  if (!missing.length) return
  const replicas = Math.min(3, await client.brokerCount())
  const durable = replicas === 3 ? { ...config, 'min.insync.replicas': '2' } : config
  await client.createTopics(
    missing.map((topic) => ({ topic: nameOf(topic), partitions: topics[topic].partitions, config: durable })),
    replicas,
  )
  // the brokers know of a new topic a little later than the controller; who reads its ends need not meet that
  for (const topic of missing) await client.endsOf(nameOf(topic))
}
