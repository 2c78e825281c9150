import type { Instant } from '@funnel/events'
import type { Line } from '../line.js'
import type { InForce } from './definitions.js'
import { valuesAt, type FromOthers } from './dimensions.js'
import type { Happened } from './happened.js'

/** What a clock adds, `facts` as they were decided. */
export function clockContributions(
  id: string,
  facts: readonly Happened[],
  others: FromOthers,
  definitions: InForce,
): Line[] {
  const line = (measure: Line['measure'], i: number, occurred: Instant, rest: Partial<Line> = {}): Line => ({
    measure,
    amount: 1,
    occurred,
    subject: { kind: 'clock', id },
    dims: valuesAt(facts, i, 'clock', definitions, others),
    ...rest,
  })
  const told = (i: number, field: string) => facts[i]!.data[field]
  const timeTold = (i: number, field: string): Instant | undefined => {
    const time = told(i, field)
    return time === undefined ? undefined : Date.parse(time as string)
  }
  const verdictAt = (i: number) => {
    const { type } = facts[i]!
    return type === 'sla.corrected'
      ? (told(i, 'outcome') as string)
      : /^sla\.(met|cancelled|breached|ended)$/.exec(type)?.[1]
  }
  const indexes = facts.map((_, i) => i)
  const verdicts = indexes.filter((i) => verdictAt(i) !== undefined)
  const last = verdicts.at(-1) ?? -1
  const outcome = last < 0 ? 'open' : verdictAt(last)!
  /** When it is due, as was told last by then. */
  const dueBy = (i: number): Instant =>
    indexes
      .slice(0, i + 1)
      .flatMap((j) => timeTold(j, 'due') ?? [])
      .at(-1) ?? facts[i]!.at
  /** When it was missed, as the verdict says. */
  const missedBy = (i: number): Instant | undefined =>
    ['breached', 'ended'].includes(verdictAt(i)!) ? dueBy(i) : undefined
  const due = last < 0 ? undefined : missedBy(last)
  const agreed = verdicts.find((i) => verdicts.every((j) => j < i || missedBy(j) === due))!
  const isPeriod = told(0, 'start') === undefined
  const over = ['met', 'cancelled', 'ended'].includes(outcome)
    ? (timeTold(last, 'at') ?? dueBy(last))
    : outcome === 'breached' && isPeriod
      ? due
      : undefined
  const answered =
    (outcome === 'met' || (outcome === 'ended' && told(last, 'how') !== 'cancelled')) && told(last, 'by') !== undefined
  const seconds = (field: string) =>
    told(last, field) === undefined ? {} : { elapsed: Math.ceil(told(last, field) as number) }

  /** A level from an instant until it is over: at each instant at which it moves, what it is then less what it was. */
  const level = (measure: Line['measure'], from: Instant, i: number): Line[] => {
    const until = over === undefined ? Infinity : Math.max(over, from)
    const moves = indexes.filter((j) => {
      const { type, at } = facts[j]!
      return type === 'sla.changed' && at > from && at < until
    })
    /** By which event its values are, just after an instant. */
    const by = (instant: Instant) =>
      moves
        .filter((j) => facts[j]!.at <= instant)
        .toSorted((a, b) => facts[a]!.at - facts[b]!.at)
        .at(-1) ?? i
    const instants = [...new Set(moves.map((j) => facts[j]!.at))].toSorted((a, b) => a - b)
    return [
      line(measure, i, from),
      ...instants.flatMap((instant) => [
        line(measure, by(instant - 1), instant, { amount: -1 }),
        line(measure, by(instant), instant),
      ]),
      ...(until === Infinity ? [] : [line(measure, by(until), until, { amount: -1 })]),
    ]
  }
  const started = timeTold(0, 'started')!
  return [
    line('sla.started', 0, started),
    ...level('sla.open', started, 0),
    ...(outcome === 'met' || outcome === 'cancelled' ? [line(`sla.${outcome}`, last, over!)] : []),
    ...(due === undefined ? [] : [line('sla.missed', agreed, due), ...level('sla.overdue', due, agreed)]),
    ...(answered ? [line('sla.answered', last, over!, seconds('used'))] : []),
    ...(answered && due !== undefined ? [line('sla.late', last, over!, seconds('lateness'))] : []),
  ]
}
