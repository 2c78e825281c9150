export type { BusinessTime, Calendar, Exception, Holidays, Week, Weekday, Window } from './calendar/calendar.js'
export { compile } from './calendar/compile.js'
export { holidaySource, holidaysOf } from './calendar/holidays.js'
export { wallTime } from './calendar/wall-time.js'
export { zoneData } from './calendar/zones.js'
export {
  endNow,
  groundsNow,
  newClock,
  nextCut,
  observe,
  pass,
  revise,
  standingAt,
  type Clock,
  type Revision,
  type Saying,
  type Standing,
  type Step,
} from './clock/clock.js'
export { byOccurrence, type Fact } from './clock/fact.js'
export type { Terms, TimeOf } from './clock/terms.js'
export { endOf, isMissed, isOverdue, type Ending, type Grounds, type Verdict } from './clock/verdict.js'
