import { FEW_COLLECTIONS } from '@funnel/platform'
import type { Figure, Settings } from './harness.js'

export type Measure = (settings: Settings) => Promise<Figure>

/** Something that is measured, and what it is to reach. */
export interface Goal {
  readonly what: string
  /** Events, or calls or probes, of a round by default; a round of the others is the whole history. */
  readonly events?: number
  /** What the median ratio to each peer should reach. */
  readonly targets?: Readonly<Record<string, number>>
  /** Milliseconds that the medians of waiting times should not exceed. */
  readonly atMost?: Readonly<Record<string, number>>
  /** An option of Node's for the process that measures: what the product's own has. */
  readonly node?: string
  readonly measure: () => Promise<Measure>
}

/** A further goal is a file in `goals/` and an entry here. */
export const goals: Readonly<Record<string, Goal>> = {
  G1: {
    what: 'projector with the full ledger, exactly once, from the PostgreSQL log',
    targets: { 'stock NestJS Kafka consumer with TypeORM save': 50 },
    node: FEW_COLLECTIONS,
    measure: async () => (await import('./goals/projector.js')).projectorOnPostgres,
  },
  'G1+G2': {
    what: 'the same through Kafka',
    targets: {
      'stock NestJS Kafka consumer with TypeORM save': 30,
      'the same Kafka client, fetching and parsing': 0.15,
    },
    node: FEW_COLLECTIONS,
    measure: async () => (await import('./goals/projector.js')).projectorOnKafka,
  },
  G4: {
    what: 'rebuild of all read models from position 1',
    targets: { 'Emmett rebuilding one KPI': 100 },
    measure: async () => (await import('./goals/rebuild.js')).rebuildFromTheStart,
  },
  G5: {
    what: 'durable append of single events of many callers at once',
    events: 20_000,
    targets: { Emmett: 8, 'message-db': 8 },
    measure: async () => (await import('./goals/append.js')).appendOfSingleEvents,
  },
  G6: {
    what: 'durable append with de-duplication in batches',
    events: 50_000,
    targets: { 'COPY of the same rows into the same table': 0.65 },
    measure: async () => (await import('./goals/append-batches.js')).appendOfBatches,
  },
  G8: {
    what: 'relay from the table to acknowledged Kafka topics',
    events: 50_000,
    targets: { ProducerPerformance: 0.4 },
    measure: async () => (await import('./goals/relay.js')).relayToKafka,
  },
  G9: {
    what: 'query of a KPI over gRPC',
    events: 20_000,
    targets: { 'stock grpc-js server': 1.4 },
    atMost: { 'p99 at half load': 5 },
    measure: async () => (await import('./goals/query.js')).queryOverGrpc,
  },
  G10: {
    what: 'timers of clocks that come due, beside as many open ones as the history has events',
    events: 10_000,
    targets: { 'pg-boss': 5 },
    measure: async () => (await import('./goals/sla-clocks.js')).slaClocks,
  },
  G10c: {
    what: 'due times in business hours',
    events: 1_000_000,
    targets: { 'dayjs-business-time': 500, 'walking from minute to minute': 500 },
    measure: async () => (await import('./goals/due-times.js')).dueTimes,
  },
  G10l: {
    what: 'lateness of clocks that come due, beside as many open ones as the history has events',
    events: 50,
    // a tick
    atMost: { 'nothing else happens: p99 less a commit': 250, 'other events come: p99 less a commit': 250 },
    measure: async () => (await import('./goals/lateness.js')).lateness,
  },
  G10m: {
    what: 'memory of as many open clocks as the history has events',
    events: 10_000,
    measure: async () => (await import('./goals/open-clocks.js')).openClocks,
  },
  G13: {
    what: 'freshness: from an event’s answer to its KPI, at half load',
    events: 500,
    atMost: { p50: 50, p99: 250 },
    measure: async () => (await import('./goals/freshness.js')).freshness,
  },
  G14: {
    what: 'commands through a decider, with expected versions',
    events: 8000,
    targets: { 'Emmett’s command handler': 2 },
    measure: async () => (await import('./goals/commands.js')).commandsThroughDeciders,
  },
  G15: {
    what: 'routing decisions of one queue, one after the other',
    events: 1000,
    targets: { 'bare inserts, each committed': 0.4 },
    measure: async () => (await import('./goals/routing.js')).routing,
  },
  G16: {
    what: 'journey of a person over gRPC',
    events: 2000,
    atMost: { 'p50 one at a time': 10, 'p99 one at a time': 50 },
    measure: async () => (await import('./goals/journey.js')).journeyOverGrpc,
  },
}

/** All goals with their peers and what they are to reach, for people. */
export const listed = (): string =>
  Object.entries(goals)
    .flatMap(([name, { what, targets = {}, atMost = {} }]) => [
      `  ${name.padEnd(7)}${what}`,
      ...Object.entries(targets).map(([peer, times]) => `${' '.repeat(9)}≥ ${times} × ${peer}`),
      ...Object.entries(atMost).map(([wait, ms]) => `${' '.repeat(9)}${wait} ≤ ${ms} ms`),
    ])
    .join('\n')
