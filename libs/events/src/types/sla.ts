import { Type } from '@sinclair/typebox'
import { eventType } from '../event-type.js'
import { Because, EventId, Id, Name } from './fields.js'

const instant = (description: string) => Type.String({ format: 'date-time', description: `${description}; UTC` })
const seconds = (description: string) => Type.Number({ minimum: 0, description: `${description}; seconds` })
const version = (of: string) => Type.Integer({ minimum: 1, description: `The version of the ${of}` })

/**
 * What every event of a clock says: which clock of whose promise, by which policy and calendar it is judged, and what started it.
 */
const clock = {
  subject: Id('The lead, or for a promise about periods its policy'),
  clock: Id('The clock: <policy>/<id of the event that started it>, or <policy>/<first day of the period>'),
  policy: Name('The policy'),
  policyVersion: version('policy'),
  party: Type.Union([Type.Literal('marketing'), Type.Literal('sales')], { description: 'Whose promise it is' }),
  lead: Type.Optional(Id('The lead it is about')),
  owner: Type.Optional(
    Name(
      'Who is to keep it: the owner of the lead; while it is offered to sales, of what sales promised, whom it is offered to',
    ),
  ),
  team: Type.Optional(Name('Their team')),
  calendar: Type.Optional(Name('The calendar; absent: all time counts')),
  calendarVersion: Type.Optional(version('calendar')),
  zoneData: Type.Optional(
    Name('The version of the time zone database that told the hours, as 2026a; absent: told of no zone, or not known'),
  ),
  holidayData: Type.Optional(
    Name(
      'The source of the public holidays and its version, as date-holidays 3.30.0; absent: the calendar has none, or not known',
    ),
  ),
  parent: Type.Optional(Id('The clock of the same lead whose promise this one is a part of')),
  start: Type.Optional(EventId('The event that started it; absent for a period')),
  started: instant('When it started'),
  historical: Type.Optional(
    Type.Literal(true, { description: 'About what was imported or told late: it notifies nobody and changes nothing' }),
  ),
}
const decision = { kind: 'decision', category: 'sla', key: 'subject', rank: 60 } as const
const closed = { additionalProperties: false }
const due = instant('When it is or was due')
const ending = {
  by: EventId('The event that ended it'),
  at: instant('When that happened'),
  used: seconds('How much time that counts had passed'),
}
const notify = Type.Optional(
  Type.Array(Name('A destination'), { maxItems: 100, description: 'Destinations that the policy wants told' }),
)
const how = Type.Union([Type.Literal('stopped'), Type.Literal('cancelled')])
const outcome = Type.Union(['open', 'met', 'cancelled', 'breached', 'ended'].map((one) => Type.Literal(one)))

export const slaStarted = eventType({
  name: 'sla.started',
  title: 'A clock of a promise runs.',
  ...decision,
  schema: Type.Object({ ...clock, due, target: seconds('How much time that counts there is') }, closed),
})

export const slaChanged = eventType({
  name: 'sla.changed',
  title: 'A clock was paused or goes on, is judged by other terms, or is a promise of somebody else.',
  ...decision,
  schema: Type.Object(
    {
      ...clock,
      state: Type.Union([Type.Literal('running'), Type.Literal('paused')]),
      due: Type.Optional(due),
      left: seconds('How much time that counts is left'),
      because: Because,
    },
    closed,
  ),
})

export const slaWarned = eventType({
  name: 'sla.warned',
  title: 'A promise will be broken soon.',
  ...decision,
  schema: Type.Object(
    { ...clock, level: Type.Integer({ minimum: 1 }), at: instant('When it was to be said'), due, notify },
    closed,
  ),
})

export const slaMet = eventType({
  name: 'sla.met',
  title: 'A promise was kept.',
  ...decision,
  schema: Type.Object(
    {
      ...clock,
      ...ending,
      by: Type.Optional(ending.by),
      value: Type.Optional(Type.Number({ description: 'Of a period: the count or the share' })),
    },
    closed,
  ),
})

export const slaCancelled = eventType({
  name: 'sla.cancelled',
  title: 'A promise became void before it was kept or broken.',
  ...decision,
  schema: Type.Object({ ...clock, ...ending, by: Type.Optional(ending.by) }, closed),
})

export const slaBreached = eventType({
  name: 'sla.breached',
  title: 'A promise was broken: what was promised had not happened when it was due.',
  ...decision,
  schema: Type.Object(
    {
      ...clock,
      due,
      value: Type.Optional(Type.Number({ description: 'Of a period: the count or the share' })),
      notify,
    },
    closed,
  ),
})

export const slaEnded = eventType({
  name: 'sla.ended',
  title: 'What was promised was done after it was due, or became void then.',
  ...decision,
  schema: Type.Object(
    {
      ...clock,
      ...ending,
      due,
      how,
      lateness: seconds('How late, in time that counts'),
    },
    closed,
  ),
})

export const slaEscalated = eventType({
  name: 'sla.escalated',
  title: 'A promise has been broken for so long that more people are told or something is done about it.',
  ...decision,
  schema: Type.Object(
    { ...clock, level: Type.Integer({ minimum: 1 }), at: instant('When that was'), due, notify },
    closed,
  ),
})

export const slaCorrected = eventType({
  name: 'sla.corrected',
  title: 'What was said of a promise does not hold any more, as what happened before became known later.',
  ...decision,
  schema: Type.Object(
    {
      ...clock,
      corrects: Type.Object({ outcome, event: EventId('The event that said so') }, closed),
      outcome,
      due: Type.Optional(due),
      by: Type.Optional(ending.by),
      at: Type.Optional(ending.at),
      used: Type.Optional(ending.used),
      how: Type.Optional(how),
      lateness: Type.Optional(seconds('How late, in time that counts')),
      because: Because,
    },
    closed,
  ),
})

export const insightShared = eventType({
  name: 'insight.shared',
  title: 'One team told the other what it has learned, as in a report.',
  kind: 'observation',
  category: 'sla',
  key: 'subject',
  rank: 95,
  schema: Type.Object(
    {
      subject: Name('Who told: marketing, sales or a team'),
      report: Name('The report'),
      owner: Type.Optional(Name('Who made it')),
    },
    closed,
  ),
})
