import { Counter, Gauge, type Registry } from 'prom-client'
import { distance, type Recorded } from '@funnel/events'
import type { HeadWatch } from './head-watch.js'
import type { Progress } from './relay.js'

/** What the relay counts. */
export interface RelayMetrics {
  progress(records: readonly Recorded[], progress: Progress): void
  /** Another relay publishes: lag is its to tell. */
  standby(): void
}

export function relayMetrics(registry: Registry, watch: HeadWatch): RelayMetrics {
  let last: Progress | undefined
  const registers = [registry]
  const lag = () => (last && watch.head ? distance(last.cursor.positions, watch.head.positions) : 0)
  const published = new Counter({
    name: 'funnel_relay_published_total',
    help: 'Events published to Kafka by this process, repeats included',
    labelNames: ['topic'],
    registers,
  })
  registry.registerMetric(
    new Gauge({
      name: 'funnel_relay_lag_events',
      help: 'Events recorded and not published yet; 0 on a relay that stands by',
      registers: [],
      collect() {
        this.set(lag())
      },
    }),
  )
  registry.registerMetric(
    new Gauge({
      name: 'funnel_relay_oldest_seconds',
      help: 'Age of the oldest event not published yet',
      registers: [],
      collect() {
        this.set(last?.oldest === undefined ? 0 : Math.max(0, Date.now() - last.oldest) / 1000)
      },
    }),
  )
  registry.registerMetric(
    new Gauge({
      name: 'funnel_watermark_age_seconds',
      help: 'How long ago everything recorded was known to be visible',
      registers: [],
      collect() {
        this.set(watch.head ? Math.max(0, Date.now() - watch.head.w) / 1000 : 0)
      },
    }),
  )
  return {
    progress(records, progress) {
      last = progress
      for (const [topic, some] of Map.groupBy(records, (record) => record.topic)) published.inc({ topic }, some.length)
    },
    standby() {
      last = undefined
    },
  }
}
