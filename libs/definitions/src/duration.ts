const UNITS = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const

/** Milliseconds of a duration as definitions have it: `30d`; units s, m, h, d, w. Throws RangeError on anything else. */
export function millisOf(duration: string): number {
  const [, count, unit] = /^(\d{1,6})([smhdw])$/.exec(duration) ?? []
  if (count === undefined || unit === undefined) throw new RangeError(`${duration} is no duration, such as 30d`)
  return Number(count) * UNITS[unit as keyof typeof UNITS]
}
