import dayjs from 'dayjs'
import businessTime from 'dayjs-business-time'
import type { Instant } from '@funnel/events'

const days = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'] as const

/**
 * Due times by dayjs-business-time, in the zone of this process. It counts whole minutes. `week` begins with Sunday;
 * windows are times of day as `09:00`; days are as `2026-12-24`.
 */
export function dayjsBusinessTime(
  week: readonly (readonly { readonly from: string; readonly to: string }[])[],
  holidays: readonly string[],
) {
  dayjs.extend(businessTime)
  const hours = week.map((windows, i) => [
    days[i]!,
    windows.length ? windows.map(({ from, to }) => ({ start: `${from}:00`, end: `${to}:00` })) : null,
  ])
  dayjs.setBusinessTime(Object.fromEntries(hours) as Parameters<typeof dayjs.setBusinessTime>[0])
  dayjs.setHolidays([...holidays])
  return (from: Instant, minutes: number): Instant => dayjs(from).addBusinessTime(minutes, 'minutes').valueOf()
}
