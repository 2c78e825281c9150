import { FunnelError } from '@funnel/events'
import { compile, wallTime, type BusinessTime, type Calendar as Hours, type Exception, type TimeOf } from '@funnel/sla'
import type { Team } from '../routing/routing.js'
import type { Calendar } from './calendar.js'
import type { PolicyTerms } from './policy.js'

/** The hours of a calendar, with a person's exceptions where they have some. */
export function hoursOf(
  { id, version, zone, week, holidays, exceptions, people = [] }: Calendar,
  person?: string,
): { readonly calendar: Hours; readonly exceptions: readonly Exception[] } {
  return {
    calendar: { id, version, zone, week, ...(holidays && { holidays }), ...(exceptions && { exceptions }) },
    exceptions: people.find((one) => one.person === person)?.exceptions ?? [],
  }
}

/**
 * The name of the hours by which some terms are judged: `office@2`, or `office@2/okoye` for a person with exceptions of
 * their own; undefined where all time counts. An owner has the calendar that names them, else that of their team.
 */
export function hoursFor(
  { calendar: asked }: PolicyTerms,
  owner: string | undefined,
  { calendars, teams }: { readonly calendars: readonly Calendar[]; readonly teams: readonly Team[] },
): string | undefined {
  if (!asked) return undefined
  const byId = (id: string) => calendars.find((calendar) => calendar.id === id)
  if ('id' in asked) return named(byId(asked.id))
  const team = teams.find(
    ({ members, manager }) => owner !== undefined && (members.includes(owner) || manager === owner),
  )
  const own =
    asked.of === 'owner' && owner !== undefined
      ? calendars.find(({ people = [] }) => people.some(({ person }) => person === owner))
      : undefined
  const found = own ?? calendars.find((calendar) => team && calendar.teams?.includes(team.id)) ?? byId(asked.otherwise)
  return named(found, own && owner)
}

const named = (calendar: Calendar | undefined, person?: string): string | undefined => {
  if (!calendar) return undefined
  const isSpecial = person !== undefined && hoursOf(calendar, person).exceptions.length > 0
  return `${calendar.id}@${calendar.version}${isSpecial ? `/${person}` : ''}`
}

/**
 * Time by the names that `hoursFor` gives, for calendars of any version; compiled once each. Throws NOT_FOUND for a name
 * that none of them has.
 */
export function timesOf(calendars: readonly Calendar[]): TimeOf {
  const known = new Map(calendars.map((calendar) => [`${calendar.id}@${calendar.version}`, calendar]))
  const compiled = new Map<string, BusinessTime>()
  return ({ calendar: name }) => {
    if (name === undefined) return wallTime
    let time = compiled.get(name)
    if (!time) {
      const [id, person] = name.split('/')
      const calendar = known.get(id!)
      if (!calendar) throw new FunnelError('NOT_FOUND', `there is no calendar ${id}`, { calendar: id })
      const hours = hoursOf(calendar, person)
      compiled.set(name, (time = compile(hours.calendar, hours.exceptions)))
    }
    return time
  }
}
