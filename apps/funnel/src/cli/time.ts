import { FunnelError, type Instant } from '@funnel/events'

const UNITS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 }

/**
 * A time as it is typed: `2026-01-31` (midnight UTC), `2026-01` (the first), `2026-01-31T12:00` (UTC unless it names a
 * zone), `now`, or how long ago: `90s`, `15m`, `24h`, `30d`, `12w`. Throws INVALID naming the option.
 */
export function parseTime(text: string, option: string, now: Instant = Date.now()): Date {
  if (text === 'now') return new Date(now)
  const ago = /^-?(\d{1,6})([smhdw])$/.exec(text)
  if (ago) return new Date(now - Number(ago[1]) * UNITS[ago[2]!]!)
  const parts = /^(\d{4}-\d{2})(-\d{2})?(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?)(Z|[+-]\d{2}:?\d{2})?)?$/i.exec(
    text,
  )
  if (parts) {
    const [, month, day, clock, zone] = parts
    if (day || !clock) {
      const iso = `${month}${day ?? '-01'}T${clock ?? '00:00'}${zone?.toUpperCase() ?? 'Z'}`
      const time = new Date(iso)
      // what a calendar does not have (2026-02-30) must not roll over
      if (
        !Number.isNaN(time.getTime()) &&
        new Date(`${month}${day ?? '-01'}T00:00Z`).toISOString().startsWith(`${month}${day ?? '-01'}`)
      )
        return time
    }
  }
  throw new FunnelError(
    'INVALID',
    `${option} ${text} is no time: write 2026-01-31, 2026-01-31T12:00 (UTC), 2026-01-31T12:00+01:00, or how long ago, such as 15m, 24h or 30d`,
    { option, value: text },
  )
}
