import type { Positions, Topic } from '@funnel/events'
import type pg from 'pg'
import { Bell } from '../delivery/bell.js'
import { HeadSignal } from '../delivery/head-signal.js'
import { Outlet } from '../delivery/outlet.js'
import type { EventLog, EventTail, OpenOptions, Subscription } from '../ports.js'
import { kafkaClient, type KafkaClient, type Log } from './client.js'
import { naming, type Naming } from './naming.js'
import { Reader, type ReaderOptions } from './reader.js'
import { ensureTopics } from './topics.js'

export interface KafkaEventLogOptions extends Partial<ReaderOptions> {
  readonly brokers: readonly string[]
  /** Shown by the brokers. */
  readonly clientId?: string
  readonly log?: Log
  /** How long a silent member keeps its partitions, in ms; brokers allow 6,000 and more. */
  readonly sessionTimeout?: number
  /** See Naming; groups are prefixed as well. */
  readonly topicPrefix?: string
  /** The store's pool, to be woken when the head moves; without it heads are polled. */
  readonly pool?: pg.Pool
}

/**
 * The log read from Kafka. The head always comes from the store, as does whatever Kafka lacks; Kafka's offsets are a hint
 * and never the truth.
 */
export class KafkaEventLog implements EventLog {
  readonly #tail: EventTail
  readonly #options: KafkaEventLogOptions & ReaderOptions
  readonly #client: KafkaClient
  readonly #naming: Naming
  readonly #signal: HeadSignal | undefined
  readonly #open = new Set<Subscription>()
  #setAside = 0

  constructor(tail: EventTail, options: KafkaEventLogOptions) {
    const { brokers, clientId = 'funnel', log, sessionTimeout, pool } = options
    this.#tail = tail
    this.#options = {
      batchSize: 2000,
      laneCapacity: 4000,
      patience: 1000,
      storeLag: 100_000,
      // closing it then takes 10 s and more, and a service whose loop has not come round for 60 s counts as stuck
      silence: 30_000,
      ...options,
    }
    this.#client = kafkaClient({ brokers, clientId, log, ...(sessionTimeout ? { sessionTimeout } : {}) })
    this.#naming = naming(options.topicPrefix)
    this.#signal = pool && new HeadSignal(pool)
  }

  /** Records on the topics that were not written by a relay and were left out. */
  get setAside(): number {
    return this.#setAside
  }

  async open(
    group: string,
    topics: readonly Topic[],
    place: () => Promise<Positions>,
    { whole = false }: OpenOptions = {},
  ): Promise<Subscription> {
    await ensureTopics(this.#client, topics, this.#naming)
    const bell = new Bell()
    const outlet = new Outlet()
    const reader = new Reader({
      tail: this.#tail,
      options: this.#options,
      outlet,
      bell,
      place,
      whole: whole ? topics : [],
      naming: this.#naming,
      endsOf: (topic) => this.#client.endsOf(this.#naming.nameOf(topic)),
      setAside: (what) => {
        this.#setAside++
        this.#options.log?.warn(what, 'a record on a topic was not written by the relay and is left out')
      },
    })
    const consumer = await this.#client.consumer(this.#naming.prefix + group, topics.map(this.#naming.nameOf), reader)
    const silence = this.#signal?.subscribe(() => bell.ring())
    const running = (async () => {
      await reader.run(consumer).catch((error: unknown) => outlet.fail(error))
      silence?.()
      await consumer.close()
    })()
    const subscription: Subscription = {
      [Symbol.asyncIterator]: () => outlet,
      hint: (positions) => reader.hint(positions),
      close: async () => {
        reader.stop()
        outlet.end()
        await running
        this.#open.delete(subscription)
      },
    }
    this.#open.add(subscription)
    return subscription
  }

  async close(): Promise<void> {
    await Promise.all([...this.#open].map((subscription) => subscription.close()))
    await this.#signal?.close()
    await this.#client.close()
  }
}
