import { FunnelError } from '../errors.js'

const ISO = /^(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?(?:[Zz]|([+-])(\d\d):?(\d\d))$/

/** Already normal, on a day that every month has. */
const NORMAL =
  /^(?:19[7-9]|[2-9]\d\d)\d-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{3}Z$/

/** What needs no more than four digits of a year. */
const LAST = Date.UTC(9999, 11, 31, 23, 59, 59, 999)

const HOW = 'send ISO 8601 with a zone, such as 2026-01-31T09:30:00.000Z or 2026-01-31T10:30:00+01:00'

/**
 * The instant as the log writes it: UTC, milliseconds, `Z`; finer fractions are cut. Throws INVALID (field `time`) on a
 * time without a zone, which would mean another instant on another machine, on a day that does not exist, before 1970, and
 * after the year 9999.
 */
export function normalTime(time: unknown): string {
  if (typeof time !== 'string') throw refused(`time is ${typeof time}, not text: ${HOW}`)
  if (NORMAL.test(time)) return time
  const parts = ISO.exec(time)
  if (!parts)
    throw refused(
      /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d[\d:.,]*$/.test(time)
        ? `time has no zone: ${HOW}`
        : `time is no instant of ISO 8601: ${HOW}`,
    )
  const [year, month, day, hour, minute, second] = parts.slice(1, 7).map((part) => Number(part ?? 0)) as Six
  const millisecond = Math.trunc(Number(`0.${parts[7] ?? 0}`) * 1000)
  const local = Date.UTC(year, month - 1, day, hour, minute, second, millisecond)
  const date = new Date(local)
  const exists =
    date.getUTCFullYear() === year &&
    date.getUTCMonth() === month - 1 &&
    date.getUTCDate() === day &&
    hour < 24 &&
    minute < 60 &&
    second < 60
  if (!exists) throw refused(`time names a day or an hour that does not exist: ${HOW}`)
  const [offsetHours, offsetMinutes] = [Number(parts[9] ?? 0), Number(parts[10] ?? 0)]
  if (offsetHours > 18 || offsetMinutes > 59) throw refused(`time has an offset that no zone has: ${HOW}`)
  const instant = local - (parts[8] === '-' ? -1 : 1) * (offsetHours * 60 + offsetMinutes) * 60_000
  if (instant < 0)
    throw refused('time lies before 1970, which is most often a missing date: leave the event out or date it')
  if (instant > LAST) throw refused('time lies after the year 9999, in UTC, where ISO 8601 ends: send the real time')
  return new Date(instant).toISOString()
}

type Six = [number, number, number, number, number, number]

const refused = (message: string) => new FunnelError('INVALID', message, { field: 'time' })
