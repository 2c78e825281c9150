import type pg from 'pg'
import type { Registry } from 'prom-client'
import { FunnelError } from '@funnel/events'
import {
  growingPauses,
  kafkaClient,
  leadOn,
  naming,
  postgresEventTail,
  startHeadReader,
  type HeadReader,
} from '@funnel/event-log'
import { createPool, type Health, type Logger } from '@funnel/platform'
import type { RelayConfig } from './config.js'
import { keepForgetting } from './forgetting.js'
import { HeadWatch } from './head-watch.js'
import { relayMetrics } from './metrics.js'
import { relay, type RelayParts } from './relay.js'

interface Around {
  readonly logger: Logger
  readonly health: Health
  readonly registry: Registry
}

const LOCK = [7003, 1] as const
const RETRY_MIN = 250
const RETRY_MAX = 5000
const STUCK = 120_000

/**
 * What the relay does all the time: publish the head of the store and, where brokers are named, its tail to Kafka; and have
 * old bodies forgotten. Any number of these may run; one of them is active in each.
 */
export class RelayProcess {
  readonly #config: RelayConfig
  readonly #around: Around
  readonly #stop = new AbortController()
  readonly #pool: pg.Pool
  readonly #watch: HeadWatch
  #heads: HeadReader | undefined
  #publishing: Promise<void> = Promise.resolve()
  #forgetting: Promise<void> = Promise.resolve()
  #tick = Date.now()
  /** Why nothing is published; undefined while something is, or another relay does it. */
  #problem: string | undefined = 'Kafka has not been reached yet'

  constructor(config: RelayConfig, around: Around) {
    this.#config = config
    this.#around = around
    this.#pool = createPool(config.databaseUrl, 'funnel-relay', 4)
    this.#pool.on('error', (error) => around.logger.warn({ reason: error.message }, 'a connection was lost'))
    this.#watch = new HeadWatch(this.#pool, postgresEventTail(this.#pool))
  }

  start(): void {
    const { databaseUrl: url, kafkaBrokers } = this.#config
    const { logger, health, registry } = this.#around
    this.#heads = startHeadReader({ url, logger })
    this.#watch.start()
    const heads = this.#heads
    // whoever publishes the head: there is one, its role is the store's, and no sender waits for it
    const forgetting = { logger, leads: () => heads.active, stop: this.#stop.signal }
    this.#forgetting = keepForgetting(this.#pool, forgetting)
    health.ready('head', () => this.#watch.problem)
    health.live('head', () => stuck('the head reader', heads.tick))
    if (kafkaBrokers) {
      health.ready('kafka', () => this.#problem)
      health.live('kafka', () => stuck('publishing to Kafka', this.#tick))
      this.#publishing = this.#publish(kafkaBrokers.split(','))
    } else relayMetrics(registry, this.#watch, postgresEventTail(this.#pool)).standby()
  }

  async close(): Promise<void> {
    this.#stop.abort()
    this.#watch.ring()
    await this.#publishing
    await this.#forgetting
    await this.#watch.close()
    await this.#heads?.close()
    await this.#pool.end()
  }

  async #publish(brokers: readonly string[]): Promise<void> {
    const { logger, registry } = this.#around
    const names = naming(this.#config.kafkaTopicPrefix)
    const client = kafkaClient({ brokers, clientId: 'funnel-relay', log: logger })
    const tail = postgresEventTail(this.#pool)
    const metrics = relayMetrics(registry, this.#watch, tail)
    const stop = this.#stop.signal
    const alive = () => {
      this.#tick = Date.now()
    }
    const standby = () => {
      alive()
      this.#problem = undefined
      metrics.standby()
    }
    const pauses = growingPauses(RETRY_MIN, RETRY_MAX)
    const parts: RelayParts = {
      tail,
      client,
      naming: names,
      logger,
      tick: alive,
      moved: (ms) => this.#watch.moved(ms),
      began: (cursor) => metrics.began(cursor),
      published: (records) => {
        this.#problem = undefined
        if (records.length) pauses.reset()
        metrics.published(records)
      },
    }
    const lead = (signal: AbortSignal) => {
      alive()
      metrics.leads()
      return relay(parts, signal)
    }
    const candidacy = { lock: LOCK, name: 'funnel-relay-lock', standby, stop }
    await leadOn(this.#config.databaseUrl, candidacy, lead, (error) => {
      alive()
      const reason = error instanceof Error ? error.message : String(error)
      this.#problem = reason
      logger.warn({ reason, code: error instanceof FunnelError ? error.code : undefined }, 'nothing is published now')
      return pauses.next()
    })
    await client.close()
  }
}

const stuck = (what: string, tick: number): string | undefined =>
  Date.now() - tick > STUCK ? `${what} has not moved for ${Math.round((Date.now() - tick) / 1000)} s` : undefined
