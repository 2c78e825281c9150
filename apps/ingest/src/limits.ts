/** What one request and one event may be, as GET /v1/limits tells it. Sizes in bytes, after inflation. */
export interface Limits {
  readonly requestBytes: number
  readonly eventsPerRequest: number
  readonly eventBytes: number
  /** Objects and arrays within each other, the event itself counted. */
  readonly depth: number
  /** Properties of one object. */
  readonly properties: number
}

/** Objects and arrays within each other in a command; in the rest it is limited as an event is. */
export const commandDepth = 8

/** The numbers that producers know from other tools of the field. */
export const limits: Limits = {
  requestBytes: 500_000,
  eventsPerRequest: 1_000,
  eventBytes: 32_000,
  depth: 32,
  properties: 256,
}
