import type { Measure } from '@funnel/definitions'
import { derivedId, type Instant } from '@funnel/events'
import { journalHash, type Entry } from '../../line.js'
import { clockRow, type ClockRow } from '../clock/row.js'
import { dealRow, type DealRow } from '../deal/row.js'
import type { Parked } from '../fold.js'
import { leadRow, type LeadRow } from '../lead/row.js'
import type { ClockState, DealState, LeadState, NodeKind } from '../state.js'
import { everyDimension as definitions } from './definitions.js'
import { drive, firstWrongInstant, nodeId } from './drive.js'
import { recordedLog, type Happening } from './recorded-log.js'

/** The instant of a day, counted from 1 January 2026. */
export const day = (n: number): Instant => Date.UTC(2026, 0, 1) + n * 86_400_000

/** An event of a day; known a second later, or on the day that `known` says. */
export const on = (
  at: number,
  type: Happening['type'],
  data: Happening['data'],
  { known = at, sequence }: { known?: number; sequence?: number } = {},
) => ({
  type,
  data,
  at: day(at),
  recorded: day(known) + 1000,
  ...(sequence === undefined ? {} : { sequence }),
})

/** Which entries are asked for; days and half-open periods. */
export interface Asked {
  readonly stage?: string
  readonly currency?: string
  readonly dims?: Readonly<Record<string, string>>
  readonly id?: string
  /** Occurred in [from, to). */
  readonly period?: readonly [from: number, to: number]
  /** Occurred on this day or before: how a stock stood then. */
  readonly asOf?: number
  /** Known at the end of this day. */
  readonly known?: number
}

/** What the ledger makes of a handful of events, each folded from states as they come back from a store. */
export interface Told {
  readonly entries: readonly Entry[]
  readonly parked: readonly Parked[]
  /** Sum of a measure. */
  readonly sum: (measure: Measure, asked?: Asked) => number
  readonly lead: (id: string) => LeadRow
  readonly deal: (id: string) => DealRow
  readonly clock: (id: string) => ClockRow
  readonly state: (kind: NodeKind, key: string) => string | undefined
}

/**
 * Folds the events one by one in the order in which they became known. Fails when another cut into batches gives another
 * journal or when, at any instant, the ledger does not tell what a rebuild would; `poisoned` leaves the latter out.
 */
export function told(list: readonly ReturnType<typeof on>[], { poisoned = false } = {}): Told {
  const log = recordedLog(
    list
      .map((happening, i) => ({ ...happening, id: derivedId('told', i) }))
      .toSorted((a, b) => a.recorded - b.recorded),
  )
  const driven = drive(
    log.map((one) => [one]),
    definitions,
  )
  const { entries, saved, parked, versions } = driven
  if (journalHash(drive([log], definitions).entries) !== journalHash(entries))
    throw new Error('the journal depends on the batches')
  const wrong = poisoned ? undefined : firstWrongInstant(log, entries, definitions)
  if (wrong !== undefined) throw new Error(`wrong as known at ${new Date(wrong).toISOString()}`)
  const state = (kind: NodeKind, key: string) => saved.get(nodeId({ kind, key }))
  return {
    entries,
    parked,
    state,
    sum: (measure, asked) => matching(entries, measure, asked).reduce((sum, { amount }) => sum + amount, 0),
    lead: (id) => leadRow(id, JSON.parse(state('lead', id)!) as LeadState, versions),
    deal: (id) => dealRow(id, JSON.parse(state('deal', id)!) as DealState),
    clock: (id) => clockRow(id, JSON.parse(state('clock', id)!) as ClockState),
  }
}

function matching(entries: readonly Entry[], measure: Measure, asked: Asked = {}): Entry[] {
  const { stage, currency, dims = {}, id, period, asOf, known } = asked
  return entries.filter(
    (entry) =>
      entry.measure === measure &&
      (stage === undefined || entry.stage === stage) &&
      (currency === undefined || entry.currency === currency) &&
      (id === undefined || entry.subject.id === id) &&
      Object.entries(dims).every(([name, value]) => (entry.dims[name] ?? 'none') === value) &&
      (period === undefined || (entry.occurred >= day(period[0]) && entry.occurred < day(period[1]))) &&
      (asOf === undefined || entry.occurred <= day(asOf)) &&
      (known === undefined || entry.recorded < day(known + 1)),
  )
}
