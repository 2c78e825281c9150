import { condition, conditionsOver } from '../condition/schema.js'
import { definition, duration, id, list, object, text } from '../schema-parts.js'

const time = {
  type: 'string',
  pattern: '^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$',
  description: 'a time of day, such as 09:30',
} as const
const date = {
  type: 'string',
  pattern: '^[0-9]{4}-[0-9]{2}-[0-9]{2}$',
  description: 'a day, such as 2026-12-24',
} as const
const windows = list(object({ from: time, to: time, overnight: { type: 'boolean' } }, ['overnight']))
const days = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const
const exceptions = list(
  object({ from: date, to: date, why: text, working: { type: 'boolean' }, windows }, ['to', 'why', 'windows']),
)

export const calendarSchema = definition(
  {
    zone: text,
    week: {
      oneOf: [
        { enum: ['always'] },
        {
          ...object(Object.fromEntries(days.map((day) => [day, windows])), days),
          minProperties: 1,
        },
      ],
      description: 'be always, or have windows for some of mon, tue, wed, thu, fri, sat, sun',
    },
    holidays: object({ country: text, region: text }, ['region']),
    exceptions,
    teams: list(id),
    people: list(object({ person: id, exceptions }, ['exceptions'])),
  },
  ['holidays', 'exceptions', 'teams', 'people'],
)

const eventName = {
  type: 'string',
  pattern: '^[a-z]+[.][a-z-]+$',
  description: 'a type of event, such as handoff.accepted',
}
const pattern = object({ event: list(eventName), where: condition, lead: condition }, ['where', 'lead'])
const patterns = list(pattern)
const notify = list(id)
const lateness = {
  type: 'string',
  pattern: '^(0|[1-9][0-9]{0,5})[smhdw]$',
  description: 'a number and one of s, m, h, d, w, such as 0s or 4h',
} as const

const leadPolicy = definition(
  {
    party: { enum: ['marketing', 'sales'] },
    starts: patterns,
    stops: patterns,
    cancels: patterns,
    pauses: patterns,
    resumes: patterns,
    parent: id,
    recurs: { enum: ['once', 'each', 'chained'] },
    terms: list(
      object(
        {
          where: condition,
          target: duration,
          calendar: {
            type: 'object',
            oneOf: [object({ of: { enum: ['owner', 'team'] }, otherwise: id }), object({ id })],
            description: 'have either of and otherwise, or id',
          },
          warnings: list(object({ before: duration, notify }, ['notify'])),
          escalations: list(
            object({ after: lateness, notify, reassign: id, pause: { enum: [true] } }, ['notify', 'reassign', 'pause']),
          ),
        },
        ['where', 'calendar', 'warnings', 'escalations'],
      ),
    ),
  },
  ['cancels', 'pauses', 'resumes', 'parent'],
)

const periodPolicy = definition(
  {
    party: { enum: ['marketing', 'sales'] },
    every: object({ period: { enum: ['week', 'month', 'quarter'] }, zone: text }),
    promise: {
      type: 'object',
      oneOf: [
        object({ count: pattern, at_least: { type: 'integer', minimum: 1 } }),
        object({
          of: pattern,
          among: pattern,
          at_least: { type: 'number', exclusiveMinimum: 0, maximum: 1 },
          sample: { type: 'integer', minimum: 1 },
        }),
      ],
      description: 'have either count and at_least, or of, among, at_least (a share up to 1) and sample',
    },
    notify,
  },
  ['notify'],
)

const isPeriodic = { type: 'object', required: ['every'] }

/** One that says `every` is about periods, any other about each lead. */
export const policySchema = {
  $defs: conditionsOver(
    String.raw`^([a-z][A-Za-z]*|first-touch\.(channel|campaign)|properties\..+)$`,
    'a field of the event or of the lead, or properties.<name>',
  ),
  allOf: [
    { if: isPeriodic, else: leadPolicy },
    { if: { not: isPeriodic }, else: periodPolicy },
  ],
}
