import type { Instant } from '@funnel/events'
import type { Dims, Line } from '../line.js'
import type { InForce } from './definitions.js'
import { valuesAt, type FromOthers } from './dimensions.js'
import { lastOf, type Happened } from './happened.js'

const CONVERSIONS: Readonly<Record<string, number>> = { 'lead.converted': 1, 'lead.conversion-reversed': -1 }
const COUNTED: readonly string[] =
  'lead.qualified lead.disqualified handoff.offered handoff.accepted handoff.rejected handoff.expired handoff.withdrawn'.split(
    ' ',
  )

/** What a lead adds: `facts` in order, `wins` the instants at which its deals that stand won were won. */
export function leadContributions(
  id: string,
  facts: readonly Happened[],
  wins: readonly Instant[],
  others: FromOthers,
  definitions: InForce,
): Line[] {
  const funnelAt = (i: number) => definitions(facts[i]!.judged).funnel
  const indexes = facts.map((_, i) => i)
  const dims = indexes.map((i) => valuesAt(facts, i, 'lead', definitions, others))
  // a reversal undoes the nearest conversion before it that no other undoes: what stands between two is balanced
  const balance = (i: number, j: number) =>
    facts.slice(i, j + 1).reduce((sum, { type }) => sum + (CONVERSIONS[type] ?? 0), 0)
  const undone = (i: number) =>
    facts[i]!.type === 'lead.converted' &&
    indexes.some((j) => j > i && facts[j]!.type === 'lead.conversion-reversed' && balance(i, j) === 0)
  const known = indexes.map(
    (i) =>
      facts.filter((_, j) => j <= i && !undone(j)).findLast(({ data }) => data['stage'] !== undefined)?.data[
        'stage'
      ] as string | undefined,
  )
  const stageAfter = (i: number) => known[i]
  const enters = (i: number) => stageAfter(i) !== stageAfter(i - 1)
  const place = (i: number, stage: string | undefined) => funnelAt(i).stages.findIndex(({ id }) => id === stage)
  const first = (milestone: string): number =>
    milestone === 'captured'
      ? facts.findIndex(({ type }) => type === 'lead.captured')
      : indexes.findIndex((i) => enters(i) && stageAfter(i) === milestone)
  /** Whether the milestone is reached with fact `i`. */
  const reaches = (i: number, milestone: string) =>
    milestone === 'captured' ? i === first('captured') : enters(i) && stageAfter(i) === milestone
  const timesOf = (milestone: string): readonly Instant[] =>
    milestone === 'won' ? wins : indexes.filter((i) => reaches(i, milestone)).map((i) => facts[i]!.at)
  const earliest = (times: readonly Instant[]) => (times.length ? Math.min(...times) : undefined)
  const line = (measure: Line['measure'], i: number, rest: Partial<Line> = {}): Line => ({
    measure,
    amount: 1,
    occurred: facts[i]!.at,
    subject: { kind: 'lead', id },
    dims: dims[i]!,
    ...rest,
  })
  /** The values of a handoff: those of the lead, but that who answered it, or was to, stands in for the owner. */
  const answering = (i: number): Dims => {
    const { type, data } = facts[i]!
    const ofThis = facts.filter((one, j) => j <= i && one.data['handoff'] === data['handoff'])
    const who =
      type === 'handoff.accepted'
        ? data['owner']
        : lastOf(ofThis.filter((one) => one.type === 'handoff.offered').slice(-1), 'assignee')
    const theirs = new Set(
      definitions(facts[i]!.judged).dimensions.flatMap(({ id, sources: { lead } }) =>
        lead?.from === 'owner' && lead.value !== 'latest' ? [id] : [],
      ),
    )
    const told = facts.map((one, j) => ({ ...one, data: { ...one.data, owner: j === i ? who : undefined } }))
    return Object.fromEntries([
      ...Object.entries(dims[i]!).filter(([id]) => !theirs.has(id)),
      ...Object.entries(valuesAt(told, i, 'lead', definitions, others)).filter(([id]) => theirs.has(id)),
    ])
  }
  const entries = indexes.filter(enters)
  return [
    ...indexes.filter((i) => i === first('captured')).map((i) => line('lead.captured', i)),
    ...indexes.flatMap((i) => {
      const { type } = facts[i]!
      if (!COUNTED.includes(type)) return []
      return [line(type as Line['measure'], i, type.startsWith('handoff.') ? { dims: answering(i) } : {})]
    }),
    ...entries.map((i) => line('stage.entered', i, { stage: stageAfter(i)! })),
    ...entries.filter((i) => i === first(stageAfter(i)!)).map((i) => line('stage.first', i, { stage: stageAfter(i)! })),
    ...entries
      .filter((i) => !entries.some((j) => j > i && stageAfter(j) === stageAfter(i)))
      .map((i) => line('stage.last', i, { stage: stageAfter(i)! })),
    ...entries
      .filter(
        (i) =>
          facts[i]!.type === 'lead.recycled' ||
          (place(i, stageAfter(i)) >= 0 && place(i, stageAfter(i)) < place(i, stageAfter(i - 1))),
      )
      .map((i) => line('lead.recycled', i, { stage: stageAfter(i)! })),
    // a level: at each fact what the lead is in now, less what it was in
    ...indexes.flatMap((i) => [
      ...(stageAfter(i) === undefined ? [] : [line('lead.in-stage', i, { stage: stageAfter(i)! })]),
      ...(stageAfter(i - 1) === undefined
        ? []
        : [line('lead.in-stage', i, { stage: stageAfter(i - 1)!, dims: dims[i - 1]!, amount: -1 })]),
    ]),
    // those of the funnel that was in force when the lead set out from there
    ...['captured', ...new Set(entries.map((i) => stageAfter(i)!))]
      .flatMap((from, i, all) => {
        const start = all.indexOf(from) === i && from !== 'won' ? first(from) : -1
        return start < 0 ? [] : funnelAt(start).conversions.filter((pair) => pair.from === from)
      })
      .flatMap(({ from, to }) => {
        const cohort = earliest(timesOf(from))
        if (cohort === undefined) return []
        const ends = timesOf(to)
        const occurred = earliest(ends.filter((end) => end > cohort)) ?? earliest(ends)
        if (occurred === undefined) return []
        const elapsed = Math.ceil((occurred - cohort) / 1000) + 0
        return [line('converted', first(from), { stage: `${from}>${to}`, occurred, cohort, elapsed })]
      }),
  ]
}
