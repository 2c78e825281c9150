import type { Instant } from '@funnel/events'
import { basisColumns, millis, Parameters, schemaOf, type BasisRow, type Statement } from '@funnel/ledger'
import { isText } from '../kpi/page-state.js'
import { isTime } from '../kpi/question.js'

/** Which clocks are listed; an empty list asks for nothing. */
export interface Selection {
  readonly policies: readonly string[]
  readonly parties: readonly string[]
  readonly owners: readonly string[]
  readonly teams: readonly string[]
  readonly leads: readonly string[]
  /** Only those that were missed. */
  readonly overdue: boolean
  /** Also those that are over. */
  readonly over: boolean
}

/** How far the generation has folded which log. */
export interface HeadRow extends BasisRow {
  readonly epoch: string
  /** The partitions of what is said of clocks; null before the first of it. */
  readonly positions: readonly number[] | null
}

/** A clock as its row says; `key` is null where there is none. */
export interface ClockRow extends HeadRow {
  /** Of the lead and the clock: clocks of several leads may have one id. */
  readonly key: string
  readonly clock: string
  readonly policy: string
  readonly policyVersion: number
  readonly party: string
  readonly subject: string
  readonly lead: string | null
  readonly owner: string | null
  readonly team: string | null
  readonly clockState: 'running' | 'paused' | 'met' | 'cancelled' | 'breached' | 'ended'
  readonly startedAt: Instant
  readonly dueAt: Instant | null
  readonly left: number | null
  readonly missed: boolean
  readonly endedAt: Instant | null
  readonly parent: string | null
}

/** After which clock a page starts: due (null: it is paused in time), what is left, and its key. */
export type Place = readonly [due: Instant | null, left: number, key: string]

export const isPlace = (value: unknown): value is Place =>
  Array.isArray(value) &&
  value.length === 3 &&
  (value[0] === null || isTime(value[0])) &&
  Number.isFinite(value[1]) &&
  isText(value[2])

export const placeOf = ({ dueAt, left, key }: ClockRow): Place => [dueAt, left ?? 0, key]

/** The columns of a HeadRow. */
export const headColumns = `${basisColumns}, g.epoch, g.positions->'sla' positions`

/** The columns of a ClockRow, of the clock `t`. */
export const clockColumns = `t.key, t.clock, t.policy, t.policy_version "policyVersion", t.party, t.subject, t.lead, t.owner, t.team, t.state "clockState",
  ${millis('t.started_at')} "startedAt", ${millis('t.due_at')} "dueAt", t.left_s "left", t.missed, ${millis('t.ended_at')} "endedAt", t.parent`

const NEVER = `'infinity'::timestamptz`
/** As the index of the table has it. */
const order = `coalesce(t.due_at, 'infinity'), coalesce(t.left_s, 0), t.key`

/** The statement of a page of clocks by time left; one row with `key` null where there are none. */
export function planClocks(
  generation: number,
  selection: Selection,
  after: Place | undefined,
  limit: number,
): Statement {
  const parameters = new Parameters()
  const id = parameters.add(generation)
  const columns = {
    policy: selection.policies,
    party: selection.parties,
    owner: selection.owners,
    team: selection.teams,
    lead: selection.leads,
  }
  const terms = [
    ...Object.entries(columns).flatMap(([column, any]) =>
      any.length ? [`t.${column} = any(${parameters.add(any)})`] : [],
    ),
    ...(selection.overdue ? ['t.missed'] : []),
    ...(selection.over ? [] : ['t.ended_at is null']),
  ]
  if (after) {
    const [due, left, key] = after
    terms.push(
      `(${order}) > (${due === null ? NEVER : parameters.at(due)}, ${parameters.add(left)}::float8, ${parameters.add(key)})`,
    )
  }
  return parameters.statement(
    generation,
    `with g as (select * from read.generation where id = ${id}),
t as (select * from ${schemaOf(generation)}.clock t ${terms.length ? `where ${terms.join(' and ')}` : ''} order by ${order} limit ${parameters.add(limit)})
select ${headColumns}, ${clockColumns}
from g left join t on true order by ${order}`,
  )
}
