import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import type { Answer } from './events/answer.js'

/** What operators see of the door. */
export interface Metrics {
  answered(answer: Answer): void
  /** Starts the clock of a request; call with the status it ended with. */
  request(): (status: number) => void
}

export function createMetrics(registry: Registry, held: () => number, waiting: () => number): Metrics {
  const events = new Counter({
    name: 'funnel_ingest_events_total',
    help: 'Events answered, by what became of them',
    labelNames: ['outcome'],
    registers: [registry],
  })
  const seconds = new Histogram({
    name: 'funnel_ingest_request_seconds',
    help: 'Time from the headers of a request to its answer, which is sent after commit',
    labelNames: ['status'],
    buckets: [0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10],
    registers: [registry],
  })
  gauge(registry, 'funnel_ingest_in_flight_bytes', 'Bytes of request bodies held', held)
  gauge(registry, 'funnel_ingest_waiting_events', 'Events waiting for a commit or in one', waiting)
  for (const outcome of ['accepted', 'duplicate', 'conflict', 'rejected']) events.inc({ outcome }, 0)
  return {
    answered({ accepted, duplicates, conflicts, rejected }) {
      if (accepted) events.inc({ outcome: 'accepted' }, accepted)
      if (duplicates) events.inc({ outcome: 'duplicate' }, duplicates)
      if (conflicts) events.inc({ outcome: 'conflict' }, conflicts)
      if (rejected) events.inc({ outcome: 'rejected' }, rejected)
    },
    request() {
      const stop = seconds.startTimer()
      return (status) => void stop({ status: String(status) })
    },
  }
}

function gauge(registry: Registry, name: string, help: string, read: () => number): void {
  const made: Gauge = new Gauge({ name, help, registers: [registry], collect: () => made.set(read()) })
}
