import { timesOf, type AllDefinitions, type Calendar } from '@funnel/definitions'
import { wallTime, type BusinessTime, type Terms, type TimeOf } from '@funnel/sla'

/** What the monitor goes by. */
export type Rules = Pick<AllDefinitions, 'policies' | 'calendars' | 'teams' | 'queues'>

/** The kinds of definitions that these are. */
export const KINDS = ['sla', 'calendar', 'team', 'queue'] as const

const made = new WeakMap<readonly Calendar[], TimeOf>()

/**
 * The time that counts under some terms. A calendar that has another version now, as where its file was changed and it was
 * never applied, counts as it is now; where there is none any more all time does.
 */
export function timeIn({ calendars }: Rules, terms: Terms): BusinessTime {
  const [, id, person = ''] = /^(.*)@\d+(\/.*)?$/.exec(terms.calendar ?? '') ?? []
  const calendar = calendars.find((one) => one.id === id)
  if (!calendar) return wallTime
  let times = made.get(calendars)
  if (!times) made.set(calendars, (times = timesOf(calendars)))
  return times({ ...terms, calendar: `${calendar.id}@${calendar.version}${person}` })
}
