import { Histogram, type Registry } from 'prom-client'
import type { ErrorCode } from '@funnel/events'

/** What operators see of commands. */
export interface CommandMetrics {
  /** Starts the clock of a command; call with what came of it. */
  command(): (outcome: 'recorded' | 'repeated' | 'nothing' | ErrorCode) => void
}

export function createCommandMetrics(registry: Registry): CommandMetrics {
  const seconds = new Histogram({
    name: 'funnel_ingest_command_seconds',
    help: 'Time from the headers of a command to its answer, by what came of it',
    labelNames: ['outcome'],
    buckets: [0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10],
    registers: [registry],
  })
  return {
    command() {
      const stop = seconds.startTimer()
      return (outcome) => void stop({ outcome })
    },
  }
}
