import { distance, exponentOf, topicNames, type Positions, type Recorded, type Topic } from '@funnel/events'
import { postgresEventTail } from '@funnel/event-log'
import { createPool } from '@funnel/platform'
import { createClient, type Generation } from '@funnel/query-api'
import { formatValue } from '../ask/format.js'
import { lastEvents } from '../ask/tail.js'
import type { ServiceStatus, WorkspaceState } from '../workspace/state.js'
import { createRate } from './rate.js'

/** What the panel shows at one moment. What is not known at the moment is absent. */
export interface Snapshot {
  readonly workspace: string
  readonly upFor: number
  readonly perSecond?: number
  readonly events?: number
  /** Events recorded and not folded yet. */
  readonly lag?: number
  /** Milliseconds since everything was known. */
  readonly watermarkAge?: number
  readonly parked?: number
  readonly kpis: readonly { readonly title: string; readonly value: string }[]
  readonly last: readonly LastEvent[]
  readonly services: readonly ServiceStatus[]
}

export interface LastEvent {
  readonly recorded: number
  readonly type: string
  readonly subject: string
  readonly note: string
}

export interface Gauge {
  /** Looks again and says what it saw; parts that do not answer are left out. */
  look(): Promise<Snapshot>
  close(): Promise<void>
}

/** The five numbers of the panel. */
const kpis = [
  { id: 'leads', title: 'Leads' },
  { id: 'lead-to-won', title: 'Lead to won' },
  { id: 'win-rate', title: 'Win rate' },
  { id: 'won-revenue', title: 'Won revenue' },
  { id: 'open-pipeline', title: 'Open pipeline' },
] as const

const LAST = 6
const KPI_EVERY = 2000
const PATIENCE = 2000

/** Looks at a running workspace: the head of its store, the state of its read models, its KPIs. */
export function openGauge(current: () => WorkspaceState): Gauge {
  const { databaseUrl, urls, token, startedAt } = current()
  const pool = createPool(databaseUrl, 'funnel-panel', 1)
  const tail = postgresEventTail(pool)
  const client = createClient(urls.query, { token, deadline: PATIENCE })
  const rate = createRate()
  let seen: Positions | undefined
  let last: LastEvent[] = []
  let values: Snapshot['kpis'] = kpis.map(({ title }) => ({ title, value: '—' }))
  let asked = 0

  const lookAtStore = async () => {
    const head = await tail.heads()
    // later only what came since the last look; a long backlog is of no interest here
    const fresh = seen
      ? (await tail.read(seen, head.positions, 500)).slice(-LAST)
      : await lastEvents(tail, head.positions, LAST)
    last = [...last, ...fresh.map(toLast)].slice(-LAST)
    seen = head.positions
    return head.positions
  }

  const lookAtKpis = async () => {
    if (Date.now() - asked < KPI_EVERY) return
    asked = Date.now()
    values = await Promise.all(
      kpis.map(async ({ id, title }) => {
        const { answer } = await client.queryKpi({ question: { kpi: id } })
        return { title, value: formatValue(answer?.rows[0]?.cell?.value) }
      }),
    )
  }

  return {
    async look() {
      const [store, status] = await Promise.allSettled([lookAtStore(), client.getStatus({}), lookAtKpis()])
      const positions = store.status === 'fulfilled' ? store.value : undefined
      const live = status.status === 'fulfilled' ? status.value.live : undefined
      const now = status.status === 'fulfilled' ? status.value.now : undefined
      const events = positions && distance({}, positions)
      const { workspace, services } = current()
      return {
        workspace,
        upFor: Date.now() - Date.parse(startedAt),
        kpis: values,
        last,
        services,
        ...(events === undefined ? {} : { events, perSecond: rate(Date.now(), events) }),
        ...(positions && live ? { lag: distance(positionsOf(live), positions), parked: live.parked } : {}),
        ...(live?.watermark && now ? { watermarkAge: Math.max(0, now.getTime() - live.watermark.getTime()) } : {}),
      }
    },
    async close() {
      client.close()
      await pool.end()
    },
  }
}

function positionsOf({ positions }: Generation): Positions {
  const rows: { [topic in Topic]?: number[] } = {}
  for (const { topic, partition, position } of positions) if (isTopic(topic)) (rows[topic] ??= [])[partition] = position
  return rows
}

const isTopic = (name: string): name is Topic => topicNames.some((topic) => topic === name)

/** What of an event is worth a glance, never anything free-form. */
function toLast({ event, recorded }: Recorded): LastEvent {
  const { stage, channel, kind, amount } = event.data as {
    stage?: string
    channel?: string
    kind?: string
    amount?: { minor: number; currency: string }
  }
  const note = [
    stage,
    kind,
    channel,
    amount && `${amount.currency} ${Math.round(amount.minor / 10 ** exponentOf(amount.currency)).toLocaleString('en')}`,
  ]
  return { recorded, type: event.type, subject: event.partitionkey, note: note.filter(Boolean).join(' · ') }
}
