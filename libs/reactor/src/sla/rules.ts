import { timesOf, type AllDefinitions, type Calendar } from '@funnel/definitions'
import { holidaySource, wallTime, zoneData, type BusinessTime, type Terms, type TimeOf } from '@funnel/sla'

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
  const { calendar, person } = calendarIn(calendars, terms.calendar)
  if (!calendar) return wallTime
  let times = made.get(calendars)
  if (!times) made.set(calendars, (times = timesOf(calendars)))
  return times({ ...terms, calendar: `${calendar.id}@${calendar.version}${person}` })
}

/**
 * What hours rest on beside the calendar of this name: the rules of zones and the public holidays, which other versions of their
 * sources may tell otherwise. Of the process that asks.
 */
export function dataBehind(
  { calendars }: Rules,
  name: string | undefined,
): { readonly zoneData?: string; readonly holidayData?: string } {
  const { calendar } = calendarIn(calendars, name)
  if (!calendar) return {}
  return { ...zonesTold, ...(calendar.holidays && { holidayData: holidaySource }) }
}

/** The same for what has a zone alone. */
export const zonesTold = zoneData === undefined ? {} : { zoneData }

function calendarIn(calendars: readonly Calendar[], name = '') {
  const [, id, person = ''] = /^(.*)@\d+(\/.*)?$/.exec(name) ?? []
  return { calendar: calendars.find((one) => one.id === id), person }
}
