import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import { distance, type Head } from '@funnel/events'
import type { Applied, Generation } from '@funnel/projections'

/** What the projector counts. */
export interface ProjectorMetrics {
  readonly batch: (applied: Applied, seconds: number) => void
}

/** Registers the projector's metrics; gauges ask when they are scraped. */
export function projectorMetrics(
  registry: Registry,
  generation: () => Generation | undefined,
  head: () => Head | undefined,
  dimensionValues: () => ReadonlyMap<string, number>,
): ProjectorMetrics {
  const registers = [registry]
  const gauge = (name: string, help: string, value: () => number) =>
    registry.registerMetric(
      new Gauge({
        name,
        help,
        registers: [],
        collect() {
          this.set(value())
        },
      }),
    )
  gauge('funnel_projection_lag_events', 'Events recorded and not folded yet', () => lagOf(generation(), head()))
  gauge('funnel_projection_watermark_age_seconds', 'How old the instant is up to which everything is folded', () => {
    const w = generation()?.w
    return w ? Math.max(0, Date.now() - w) / 1000 : 0
  })
  gauge(
    'funnel_projection_parked',
    'Subjects that are not folded any more because their fold threw',
    () => generation()?.parked ?? 0,
  )
  registry.registerMetric(
    new Gauge({
      name: 'funnel_projection_dimension_values',
      help: 'Different values of each dimension that is defined',
      labelNames: ['dimension'],
      registers: [],
      collect() {
        this.reset()
        for (const [dimension, values] of dimensionValues()) this.set({ dimension }, values)
      },
    }),
  )
  const events = new Counter({ name: 'funnel_projection_events_total', help: 'Events folded', registers })
  const entries = new Counter({ name: 'funnel_projection_entries_total', help: 'Ledger entries booked', registers })
  const duration = new Histogram({
    name: 'funnel_projection_batch_seconds',
    help: 'Time to fold and commit a batch that had events; waiting for those before it is within',
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
    registers,
  })
  return {
    batch(applied, seconds) {
      events.inc(applied.events)
      entries.inc(applied.entries.length)
      if (applied.events) duration.observe(seconds)
    },
  }
}

/** Events between the place of a generation and the head. */
export const lagOf = (generation: Generation | undefined, head: Head | undefined): number =>
  generation && head ? distance(generation.positions, head.positions) : 0
