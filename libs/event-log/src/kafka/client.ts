/**
 * The only file that knows kafkajs, with `kafkajs-patch.ts`. It is unmaintained; its known faults are met here or, where
 * they cannot be, by the rule that positions and not offsets are the truth.
 */
import { zstdCompress, zstdDecompress } from 'node:zlib'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import kafkajs, {
  type Admin,
  type Consumer,
  type IHeaders,
  type Kafka,
  type KafkaMessage,
  type Producer,
} from 'kafkajs'
import { FunnelError } from '@funnel/events'
import { patchKafkajs } from './kafkajs-patch.js'

const { CompressionCodecs, CompressionTypes, ConfigResourceTypes, KafkaJSProtocolError, logLevel, Partitioners } =
  kafkajs

/** What a record looks like on its way out. The caller chooses the partition. */
export interface OutgoingRecord {
  readonly topic: string
  readonly partition: number
  readonly key: string
  readonly value: string
  readonly headers: Record<string, string>
  /** Milliseconds since 1970. */
  readonly timestamp: number
}

/** What a record looks like on its way in; anybody may have written it. */
export interface IncomingRecord {
  readonly offset: number
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: IHeaders
}

/** One partition in the answer to a send, and the offset its first record got. */
export interface Acknowledged {
  readonly topic: string
  readonly partition: number
  readonly offset: number
}

export interface KafkaPartition {
  readonly topic: string
  readonly partition: number
}

/** The first offset there is, and the one after the last. */
export interface Ends {
  readonly low: number
  readonly high: number
}

export interface NewTopic {
  readonly topic: string
  readonly partitions: number
  readonly config: Readonly<Record<string, string>>
}

export interface KafkaProducer {
  /** Sends with all in-sync replicas. The answer may lack partitions that were never sent: see `publishAll`. */
  send(records: readonly OutgoingRecord[]): Promise<readonly Acknowledged[]>
  close(): Promise<void>
}

/** What a consumer is told. None of these may throw. */
export interface ConsumerEvents {
  /** Joined the group with these partitions; whatever was held before is void. */
  assigned(partitions: readonly KafkaPartition[]): void
  /** Records of one partition in offset order; the next ones come when this resolves. */
  records(topic: string, partition: number, records: readonly IncomingRecord[]): Promise<void>
  /** It is alive: a fetch has come back. */
  tick(): void
  /** It has ended for good. */
  failed(error: unknown): void
}

export interface KafkaConsumer {
  pause(partitions: readonly KafkaPartition[]): void
  resume(partitions: readonly KafkaPartition[]): void
  /** The next fetch of the partition starts here. */
  seek(partition: KafkaPartition, offset: number): void
  /** Tells the broker how far the group is; resolves whether or not it heard. */
  commit(offsets: readonly (KafkaPartition & { readonly offset: number })[]): Promise<void>
  close(): Promise<void>
}

/** The least a logger must do; pino's does. */
export interface Log {
  debug(details: object, message: string): void
  warn(details: object, message: string): void
}

export interface KafkaClientOptions {
  readonly brokers: readonly string[]
  readonly clientId: string
  readonly log?: Log | undefined
  /** How long a silent member keeps its partitions, in ms. */
  readonly sessionTimeout?: number
}

/** A connection to Kafka. Every method throws UNAVAILABLE when the brokers do not answer in about 10 seconds. */
export interface KafkaClient {
  producer(): Promise<KafkaProducer>
  consumer(group: string, topics: readonly string[], events: ConsumerEvents): Promise<KafkaConsumer>
  /** The partition counts of those of the topics that exist. */
  partitionsOf(topics: readonly string[]): Promise<ReadonlyMap<string, number>>
  brokerCount(): Promise<number>
  createTopics(topics: readonly NewTopic[], replicas: number): Promise<void>
  deleteTopics(topics: readonly string[]): Promise<void>
  /** Deletes the records of a partition that lie before this offset. */
  deleteRecords(partition: KafkaPartition, before: number): Promise<void>
  /** By partition number. */
  endsOf(topic: string): Promise<readonly Ends[]>
  /** One setting of topics that exist. */
  topicConfigs(topics: readonly string[], name: string): Promise<ReadonlyMap<string, string>>
  deleteGroup(group: string): Promise<void>
  close(): Promise<void>
}

patchKafkajs()
CompressionCodecs[CompressionTypes.ZSTD] = zstdCodec

const MAX_WAIT = 300
/** Tries of what is over soon: about 4 s, one broker under load takes long to lead a new topic. */
const ATTEMPTS = 12
const again = (attempt: number) => sleep(Math.min(attempt * 50, 500))
/** About 3 s, then the caller hears of it and decides. */
const retry = { initialRetryTime: 50, maxRetryTime: 1000, multiplier: 2, factor: 0.2, retries: 7 }
/** About 9 s: a consumer outlives the restart of a broker. */
const CONSUMER_RETRIES = 13

export function kafkaClient(options: KafkaClientOptions): KafkaClient {
  const kafka = connection(options)
  const where = `Kafka at ${options.brokers.join(', ')}`
  let admin: Promise<Admin> | undefined
  const asAdmin = async <T>(work: (admin: Admin) => Promise<T>): Promise<T> => {
    for (let attempt = 1; ; attempt++) {
      admin ??= connectAdmin(kafka)
      try {
        return await work(await admin)
      } catch (error) {
        // a new one next time: this one may hold on to leaders and brokers that are gone
        const broken = admin
        admin = undefined
        void broken?.then((a) => a.disconnect()).catch(() => undefined)
        if (attempt === ATTEMPTS || !passes(error)) throw unavailable(where, error)
      }
      await again(attempt)
    }
  }
  return {
    producer: () => connectProducer(kafka).catch((error: unknown) => Promise.reject(unavailable(where, error))),
    consumer: (group, topics, events) =>
      join(kafka, { group, topics, events, sessionTimeout: options.sessionTimeout ?? 10_000 }).catch((error: unknown) =>
        Promise.reject(unavailable(where, error)),
      ),
    partitionsOf: (topics) =>
      asAdmin(async (a) => {
        const existing = new Set(await a.listTopics())
        const wanted = topics.filter((topic) => existing.has(topic))
        const found = wanted.length ? (await a.fetchTopicMetadata({ topics: [...wanted] })).topics : []
        return new Map(found.map(({ name, partitions }) => [name, partitions.length]))
      }),
    brokerCount: () => asAdmin(async (a) => (await a.describeCluster()).brokers.length),
    createTopics: (topics, replicas) =>
      asAdmin(async (a) => {
        await a.createTopics({
          waitForLeaders: true,
          topics: topics.map(({ topic, partitions, config }) => ({
            topic,
            numPartitions: partitions,
            replicationFactor: replicas,
            configEntries: Object.entries(config).map(([name, value]) => ({ name, value })),
          })),
        })
      }),
    deleteTopics: (topics) => asAdmin((a) => a.deleteTopics({ topics: [...topics] })),
    deleteRecords: ({ topic, partition }, before) =>
      asAdmin((a) => a.deleteTopicRecords({ topic, partitions: [{ partition, offset: String(before) }] })),
    endsOf: (topic) =>
      asAdmin(async (a) => {
        const ends: Ends[] = []
        for (const { partition, low, high } of await a.fetchTopicOffsets(topic))
          ends[partition] = { low: Number(low), high: Number(high) }
        return ends
      }),
    topicConfigs: (topics, name) =>
      asAdmin(async (a) => {
        if (!topics.length) return new Map()
        const { resources } = await a.describeConfigs({
          includeSynonyms: false,
          resources: topics.map((topic) => ({
            type: ConfigResourceTypes.TOPIC,
            name: topic,
            configNames: [name],
          })),
        })
        return new Map(
          resources.flatMap(({ resourceName, configEntries }) =>
            configEntries
              .filter(({ configName }) => configName === name)
              .map(({ configValue }) => [resourceName, configValue] as const),
          ),
        )
      }),
    deleteGroup: (group) => asAdmin(async (a) => void (await a.deleteGroups([group]))),
    async close() {
      const last = admin
      admin = undefined
      await last?.then((a) => a.disconnect()).catch(() => undefined)
    },
  }
}

/** Whether the broker said that this is over soon: a leader is being chosen, a coordinator loads or is not there yet. */
function passes(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause)
    if (cause.name === 'KafkaJSGroupCoordinatorNotFound' || (cause instanceof KafkaJSProtocolError && cause.retriable))
      return true
  return false
}

function connection({ brokers, clientId, log }: KafkaClientOptions): Kafka {
  return new kafkajs.Kafka({
    brokers: [...brokers],
    clientId,
    connectionTimeout: 3000,
    requestTimeout: 10_000,
    retry,
    logLevel: log ? logLevel.WARN : logLevel.NOTHING,
    // kafkajs calls an error what it is about to retry: the caller hears of what matters by an exception
    logCreator: () => (entry) => {
      const details = { at: entry.namespace, error: entry.log['error'] as unknown }
      log?.debug(details, entry.log.message)
    },
  })
}

async function connectAdmin(kafka: Kafka): Promise<Admin> {
  const admin = kafka.admin()
  await admin.connect()
  return admin
}

async function connectProducer(kafka: Kafka): Promise<KafkaProducer> {
  const producer: Producer = kafka.producer({
    allowAutoTopicCreation: false,
    createPartitioner: Partitioners.DefaultPartitioner,
    maxInFlightRequests: 5,
  })
  await producer.connect()
  return {
    async send(records) {
      const byTopic = Map.groupBy(records, ({ topic }) => topic)
      const answer = await producer.sendBatch({
        acks: -1,
        timeout: 10_000,
        compression: CompressionTypes.ZSTD,
        topicMessages: [...byTopic].map(([topic, some]) => ({
          topic,
          messages: some.map(({ partition, key, value, headers, timestamp }) => ({
            partition,
            key,
            value,
            headers,
            timestamp: String(timestamp),
          })),
        })),
      })
      return answer
        .filter(({ errorCode }) => errorCode === 0)
        .map(({ topicName, partition, baseOffset }) => ({ topic: topicName, partition, offset: Number(baseOffset) }))
    },
    close: () => producer.disconnect().catch(() => undefined),
  }
}

interface Membership {
  readonly group: string
  readonly topics: readonly string[]
  readonly events: ConsumerEvents
  readonly sessionTimeout: number
}

/** kafkajs gives up for good when the coordinator is only about to load, so the first join is tried again here. */
async function join(kafka: Kafka, membership: Membership): Promise<KafkaConsumer> {
  for (let attempt = 1; ; attempt++) {
    let joined = false
    let refused: unknown
    const events: ConsumerEvents = {
      tick: () => membership.events.tick(),
      records: (topic, partition, records) => membership.events.records(topic, partition, records),
      assigned: (partitions) => {
        joined = true
        membership.events.assigned(partitions)
      },
      failed: (error) => {
        if (joined) membership.events.failed(error)
        else refused = error
      },
    }
    const consumer = await joinOnce(kafka, { ...membership, events })
    if (refused === undefined) return consumer
    await consumer.close()
    if (attempt === ATTEMPTS || !passes(refused)) throw refused
    await again(attempt)
  }
}

async function joinOnce(kafka: Kafka, membership: Membership): Promise<KafkaConsumer> {
  const { group, topics, events, sessionTimeout } = membership
  let closing = false
  const consumer: Consumer = kafka.consumer({
    groupId: group,
    allowAutoTopicCreation: false,
    // an idle fetch holds up rebalances and the end; 5 s by default
    maxWaitTimeInMs: MAX_WAIT,
    // small fetches, so that little waits in memory for the slowest partition
    maxBytesPerPartition: 131_072,
    sessionTimeout,
    rebalanceTimeout: Math.max(sessionTimeout, 10_000),
    heartbeatInterval: 500,
    // never by itself: the reader of the log opens again from its own place
    retry: { ...retry, retries: CONSUMER_RETRIES, restartOnFailure: () => Promise.resolve(false) },
  })
  consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
    events.tick()
    events.assigned(
      Object.entries(payload.memberAssignment).flatMap(([topic, partitions]) =>
        partitions.map((partition) => ({ topic, partition })),
      ),
    )
  })
  consumer.on(consumer.events.FETCH, () => events.tick())
  consumer.on(consumer.events.CRASH, ({ payload }) => {
    if (!closing) events.failed(payload.error)
  })
  try {
    await consumer.connect()
    await consumer.subscribe({ topics: [...topics], fromBeginning: true })
    await consumer.run({
      autoCommit: false,
      partitionsConsumedConcurrently: 16,
      eachBatch: async ({ batch }) => {
        // kafkajs may call once more after a stop
        if (!closing) await events.records(batch.topic, batch.partition, batch.messages.map(incoming))
      },
    })
  } catch (error) {
    closing = true
    await consumer.disconnect().catch(() => undefined)
    throw error
  }
  return {
    pause: (partitions) => whileRunning(() => consumer.pause(byTopic(partitions))),
    resume: (partitions) => whileRunning(() => consumer.resume(byTopic(partitions))),
    seek: ({ topic, partition }, offset) =>
      whileRunning(() => consumer.seek({ topic, partition, offset: String(offset) })),
    commit: (offsets) =>
      consumer
        .commitOffsets(offsets.map((place) => ({ ...place, offset: String(place.offset) })))
        .catch(() => undefined),
    async close() {
      closing = true
      await consumer.disconnect().catch(() => undefined)
    },
  }
}

/** kafkajs throws when the consumer has ended, of which `failed` has told already. */
function whileRunning(act: () => void): void {
  try {
    act()
  } catch {
    return
  }
}

const incoming = ({ offset, key, value, headers }: KafkaMessage): IncomingRecord => ({
  offset: Number(offset),
  key,
  value,
  headers: headers ?? {},
})

const byTopic = (partitions: readonly KafkaPartition[]) =>
  [...Map.groupBy(partitions, ({ topic }) => topic)].map(([topic, some]) => ({
    topic,
    partitions: some.map(({ partition }) => partition),
  }))

/** What kafkajs says of a failure; it names brokers, topics and settings, never what records hold. */
export const reasonOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause))

const unavailable = (where: string, cause: unknown): FunnelError =>
  cause instanceof FunnelError
    ? cause
    : new FunnelError(
        'UNAVAILABLE',
        `${where} does not do what it is asked (${reasonOf(cause)}); retry when it is up`,
        {},
        cause,
      )

/** Neither of kafkajs nor needing anything compiled: Node's own. */
function zstdCodec() {
  const compress = promisify(zstdCompress)
  const decompress = promisify(zstdDecompress)
  return {
    compress: ({ buffer }: { buffer: Buffer }) => compress(buffer),
    decompress: (buffer: Buffer) => decompress(buffer),
  }
}
