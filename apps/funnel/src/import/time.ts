import { FunnelError } from '@funnel/events'
import { DateTime, IANAZone } from 'luxon'

// luxon would also take 2018 and 2018123 for dates; here those are rather a wrong column.
const isoDate = /^\d{4}-\d{2}-\d{2}/

// luxon writes X and x but does not read them.
const sinceEpoch = (text: string, format: 'X' | 'x'): DateTime =>
  /^-?\d{1,15}(\.\d+)?$/.test(text)
    ? DateTime.fromMillis(Math.round(Number(text) * (format === 'X' ? 1000 : 1)))
    : DateTime.invalid('not a number')

/** Whether a zone is one that times can be read in: `UTC` or an IANA name. */
export const isZone = (zone: string): boolean => IANAZone.isValidZone(zone)

/**
 * Reads a time as ISO 8601, or by a luxon format, in a zone unless it names its own offset (`X` and `x` are
 * seconds and milliseconds since 1970); ISO 8601 in UTC. A date
 * alone is the start of its day in the zone. A local time that a clock change leaves out is moved on by the length of
 * the change. Throws INVALID.
 */
export function parseTime(text: string, zone: string, format?: string): string {
  const trimmed = text.trim()
  const time =
    format === 'X' || format === 'x'
      ? sinceEpoch(trimmed, format)
      : format === undefined
        ? DateTime.fromISO(isoDate.test(trimmed) ? trimmed.replace(' ', 'T') : '', { zone })
        : DateTime.fromFormat(trimmed, format, { zone, locale: 'en-US' })
  if (!time.isValid)
    throw new FunnelError(
      'INVALID',
      `"${text.slice(0, 40)}" is not a time ${format === undefined ? 'of ISO 8601' : `of the format "${format}"`}`,
    )
  return new Date(time.toMillis()).toISOString()
}
