import type { Calendar, Week, Window } from '../calendar.js'

const workdays = (...windows: readonly Window[]): Week =>
  Object.fromEntries(['mon', 'tue', 'wed', 'thu', 'fri'].map((day) => [day, windows]))

/** The calendars of METRICS.md 4.12. */
export const newYork: Calendar = {
  id: 'new-york',
  version: 1,
  zone: 'America/New_York',
  week: workdays({ from: '09:00', to: '17:00' }),
  exceptions: [{ from: '2026-07-03', working: false, why: 'Independence Day' }],
}
export const berlin: Calendar = {
  id: 'berlin',
  version: 1,
  zone: 'Europe/Berlin',
  week: workdays({ from: '08:00', to: '12:00' }, { from: '13:30', to: '18:00' }),
}
export const always: Calendar = { id: 'always', version: 1, zone: 'Europe/Berlin', week: 'always' }
