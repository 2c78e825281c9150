import { setTimeout as sleep } from 'node:timers/promises'
import { FunnelError } from '@funnel/events'
import type { FunnelClient } from '@funnel/query-api'

/** A count as it was told to somebody who asked. Milliseconds since the watch began. */
export interface Told {
  readonly kpi: string
  readonly asked: number
  readonly answered: number
  readonly count: number
}

/** What a client was told that kept asking. */
export interface Watched {
  readonly told: readonly Told[]
  /** Questions that met nobody, or nobody in time. */
  readonly unavailable: number
}

const EVERY = 100

/** The count of a KPI over all there is. Throws what the client throws. */
export async function countOf(query: FunnelClient, kpi: string): Promise<number> {
  const { answer } = await query.queryKpi({ question: { kpi } }, { deadline: 5000 })
  const value = answer?.rows[0]?.cell?.value
  return value?.$case === 'count' ? value.value : 0
}

/** Asks for the KPIs in turn until the signal is aborted, and once more. Throws on any failure but UNAVAILABLE and DEADLINE. */
export async function watchKpis(query: FunnelClient, kpis: readonly string[], end: AbortSignal): Promise<Watched> {
  const begin = performance.now()
  const told: Told[] = []
  let unavailable = 0
  for (let last = false; !last;) {
    last = end.aborted
    for (const kpi of kpis) {
      const asked = performance.now() - begin
      try {
        const count = await countOf(query, kpi)
        told.push({ kpi, asked, answered: performance.now() - begin, count })
      } catch (error) {
        if (!(error instanceof FunnelError && ['UNAVAILABLE', 'DEADLINE'].includes(error.code))) throw error
        unavailable++
      }
      await sleep(EVERY)
    }
  }
  return { told, unavailable }
}

/** A time in which the read models' database crashed and came back, on the same clock. */
export interface Crash {
  readonly at: number
  readonly until: number
}

/** How long after a crash an answer may still be from before it. */
const STALE = 1000

/**
 * Counts that fell, in words. One may fall across a crash of the database alone: read models are committed without waiting
 * for the disk, so its last commits may be gone until they are folded again.
 */
export function falls(told: readonly Told[], crashes: readonly Crash[]): string[] {
  const last = new Map<string, Told>()
  const fallen: string[] = []
  for (const now of told) {
    const before = last.get(now.kpi)
    if (before && now.count < before.count) {
      const crashed = crashes.some(({ at, until }) => before.asked <= until + STALE && now.answered >= at)
      if (!crashed)
        fallen.push(`${now.kpi} fell from ${before.count} to ${now.count} after ${Math.round(now.answered)} ms`)
    }
    last.set(now.kpi, now)
  }
  return fallen
}
