import type { Said } from '@funnel/domain'
import type { Grounds, Saying, Verdict } from '@funnel/sla'
import { iso, seconds } from './telling.js'

type DataOf<Type extends Said['type']> = Extract<Said, { readonly type: Type }>['data']
/** What every event of a clock says. */
export type About = Omit<DataOf<'sla.started'>, 'due' | 'target'>
type Judged = Extract<Saying, { readonly type: 'judged' }>

/**
 * A verdict as events say it: `before` is what was said of the clock, `told` the event that said it, `because` the event
 * that a correction follows from.
 */
export function verdictSaid(
  { verdict, corrects }: Judged,
  about: About,
  before: Verdict,
  { told, because }: { readonly told: string | undefined; readonly because: string },
): Said[] {
  if (corrects && told !== undefined)
    return [
      {
        type: 'sla.corrected',
        data: {
          ...about,
          corrects: { outcome: outcomeOf(corrects), event: told },
          outcome: outcomeOf(verdict),
          ...partsOf(verdict),
          because: [because],
        },
      },
    ]
  if (verdict.outcome === 'open') return []
  if (verdict.outcome === 'breached') {
    const due = iso(verdict.due)
    const { ended } = verdict
    return [
      ...(before.outcome === 'breached' ? [] : [{ type: 'sla.breached', data: { ...about, due } } as const]),
      ...(ended
        ? [
            {
              type: 'sla.ended',
              data: { ...about, ...endingOf(ended), due, how: ended.how, lateness: seconds(ended.lateness) },
            } as const,
          ]
        : []),
    ]
  }
  return [{ type: `sla.${verdict.outcome}`, data: { ...about, ...endingOf(verdict) } }]
}

/** What a warning or a level of escalation says, and which destinations are told; levels count from 1. */
export const levelSaid = (
  { type, level, at }: Exclude<Saying, Judged>,
  about: About,
  due: number,
  notify: readonly string[] | undefined,
): Extract<Said, { readonly type: 'sla.warned' | 'sla.escalated' }> => ({
  type: `sla.${type}`,
  data: { ...about, level: level + 1, at: iso(at), due: iso(due), ...(notify && { notify: [...notify] }) },
})

const outcomeOf = (verdict: Verdict): DataOf<'sla.corrected'>['outcome'] =>
  verdict.outcome === 'breached' && verdict.ended ? 'ended' : verdict.outcome

function partsOf(verdict: Verdict): Pick<DataOf<'sla.corrected'>, 'due' | 'by' | 'at' | 'used' | 'how' | 'lateness'> {
  if (verdict.outcome === 'open') return {}
  if (verdict.outcome !== 'breached') return endingOf(verdict)
  const { due, ended } = verdict
  return { due: iso(due), ...(ended && { ...endingOf(ended), how: ended.how, lateness: seconds(ended.lateness) }) }
}

const endingOf = ({ by, at, used }: { readonly by: string; readonly at: number; readonly used: number }) => ({
  // an event may tell a clock more than one fact
  by: by.split('/')[0]!,
  at: iso(at),
  used: seconds(used),
})

/** Id and version, as in `response@2`; of a calendar the person whose exceptions count comes after it. */
export function versioned(name: string): { readonly id: string; readonly version: number } {
  const [, id = name, version = '1'] = /^(.*)@(\d+)(?:\/.*)?$/.exec(name) ?? []
  return { id, version: Number(version) }
}

/** What grounds say of a clock. */
export const groundsSaid = ({ policy, calendar, start, historical }: Grounds) => {
  const by = versioned(policy)
  const counted = calendar === undefined ? undefined : versioned(calendar)
  return {
    policy: by.id,
    policyVersion: by.version,
    ...(counted && { calendar: counted.id, calendarVersion: counted.version }),
    start,
    ...(historical && { historical: true as const }),
  }
}
