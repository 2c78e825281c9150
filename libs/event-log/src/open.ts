import type pg from 'pg'
import { KafkaEventLog } from './kafka/index.js'
import type { EventLog, EventTail } from './ports.js'
import { PostgresEventLog } from './postgres/index.js'

/** Where the log is. */
export interface LogConfig {
  /** `host:port`, comma-separated; absent or empty: the log is read from PostgreSQL. */
  readonly kafkaBrokers?: string | undefined
  readonly kafkaTopicPrefix: string
}

/** The log of the store behind `pool`, by Kafka where brokers are named. Closing it leaves the pool open. */
export const openEventLog = (
  pool: pg.Pool,
  tail: EventTail,
  { kafkaBrokers, kafkaTopicPrefix }: LogConfig,
  clientId: string,
): EventLog =>
  kafkaBrokers
    ? new KafkaEventLog(tail, { brokers: kafkaBrokers.split(','), clientId, topicPrefix: kafkaTopicPrefix, pool })
    : new PostgresEventLog(pool, tail)
