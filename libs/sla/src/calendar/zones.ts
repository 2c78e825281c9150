/** The version of the time zone database that hours are told by, such as `2026a`; undefined where the runtime cannot tell. */
export const zoneData: string | undefined = process.versions['tz']
