import type { FunnelEvent } from '@funnel/events'

/** What is said of clocks of promises, with days of January 2026. */

export const at = (day: number, hour = 0) => Date.UTC(2026, 0, day, hour)
export const iso = (day: number, hour = 0) => new Date(at(day, hour)).toISOString()

interface Promised {
  readonly policy: string
  readonly party: 'marketing' | 'sales'
  readonly lead?: string
  readonly owner?: string
  readonly team?: string
  readonly parent?: string
}
const clock = ({ lead, policy, ...more }: Promised) => {
  const whose = {
    subject: lead ?? policy,
    clock: `${policy}/${lead ?? '2026-01-01'}`,
    policy,
    policyVersion: 2,
    ...more,
    ...(lead === undefined ? {} : { lead, start: `start-of-${lead}` }),
    started: iso(2),
  }
  return (day: number, type: string, said: object, hour = 0) => ({
    type: `sla.${type}` as FunnelEvent['type'],
    data: { ...whose, ...said },
    at: at(day, hour),
  })
}
export const response = (lead: string, owner = 'ann') =>
  clock({ policy: 'lead-response', party: 'sales', lead, owner, team: 'dach' })
export const handoff = (lead: string) =>
  clock({ policy: 'handoff-acceptance', party: 'sales', lead, owner: 'bob', parent: `time-to-action/${lead}` })
export const volume = clock({ policy: 'mql-volume', party: 'marketing' })
export const quality = clock({ policy: 'mql-quality', party: 'marketing' })
export const start = (of: ReturnType<typeof clock>, due: number) => of(2, 'started', { due: iso(due), target: 3600 })
