import { Counter, Gauge, type Registry } from 'prom-client'
import { distance, type Recorded } from '@funnel/events'
import type { EventTail } from '@funnel/event-log'
import { scraped } from '@funnel/platform'
import type { Cursor } from './cursor.js'
import type { HeadWatch } from './head-watch.js'

/** What the relay counts. */
export interface RelayMetrics {
  /** Another relay publishes, or none is to: lag is not this one's to tell. */
  standby(): void
  /** This relay is to publish; where it has to go on is not known yet. */
  leads(): void
  /** What the topics show to be published; it moves on by itself. */
  began(cursor: Cursor): void
  published(records: readonly Recorded[]): void
}

/**
 * Registers the relay's metrics. Lag is counted when it is asked for, from the head of the store and what is known to be
 * published: also while nothing can be published, which is when it matters.
 */
export function relayMetrics(registry: Registry, watch: HeadWatch, tail: EventTail): RelayMetrics {
  let standsBy = false
  let cursor: Cursor | undefined
  const publishedTo = () => cursor?.positions ?? {}
  const lag = (): number => {
    if (standsBy) return 0
    return watch.head ? distance(publishedTo(), watch.head.positions) : Number.NaN
  }
  const oldest = async (): Promise<number> => {
    if (!watch.head || !lag()) return lag()
    const [first] = await tail.read(publishedTo(), watch.head.positions, 1)
    return first ? secondsSince(first.recorded) : Number.NaN
  }
  const published = new Counter({
    name: 'funnel_relay_published_total',
    help: 'Events published to Kafka by this process, repeats included',
    labelNames: ['topic'],
    registers: [registry],
  })
  const gauge = (name: string, help: string, value: () => number | Promise<number>) =>
    registry.registerMetric(
      new Gauge({
        name,
        help,
        registers: [],
        async collect() {
          this.set(await value())
        },
      }),
    )
  gauge(
    'funnel_relay_lag_events',
    'Events recorded and not known to be published: all of them, until Kafka has shown where to go on; 0 on a relay that stands by; NaN while the store was not seen yet',
    lag,
  )
  gauge(
    'funnel_relay_oldest_seconds',
    'Age of the oldest event not known to be published; NaN while the store does not answer within two seconds',
    scraped(oldest),
  )
  gauge(
    'funnel_watermark_age_seconds',
    'How long ago everything recorded was known to be visible; NaN while the store was not seen yet',
    () => (watch.head ? secondsSince(watch.head.w) : Number.NaN),
  )
  return {
    standby() {
      standsBy = true
      cursor = undefined
    },
    leads() {
      standsBy = false
    },
    began(from) {
      cursor = from
    },
    published(records) {
      for (const [topic, some] of Map.groupBy(records, (record) => record.topic)) published.inc({ topic }, some.length)
    },
  }
}

const secondsSince = (instant: number): number => Math.max(0, Date.now() - instant) / 1000
