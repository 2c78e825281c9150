export type { BusinessTime, Calendar, Exception, Holidays, Week, Weekday, Window } from './calendar/calendar.js'
export { compile } from './calendar/compile.js'
export { holidaySource } from './calendar/holidays.js'
export { wallTime } from './calendar/wall-time.js'
