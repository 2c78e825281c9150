import { Type } from '@sinclair/typebox'
import { eventType } from '../event-type.js'
import { Id, Name, Properties } from './fields.js'

const about = {
  person: Type.Optional(Id('The person behind the lead')),
  visitor: Type.Optional(Id('The visitor that became the lead, where no person is known')),
  owner: Type.Optional(Name('Who works on it')),
  properties: Type.Optional(Properties),
}

export const leadCaptured = eventType({
  name: 'lead.captured',
  title: 'A qualification attempt of a person began.',
  kind: 'observation',
  category: 'lead',
  key: 'lead',
  rank: 30,
  schema: Type.Object({ lead: Id('The lead'), ...about }, { additionalProperties: false }),
})

export const leadStageEntered = eventType({
  name: 'lead.stage-entered',
  title: 'A lead entered a stage of the shared funnel, as another system reports it.',
  kind: 'observation',
  category: 'lead',
  key: 'lead',
  rank: 40,
  schema: Type.Object(
    { lead: Id('The lead'), stage: Name('The id of the stage'), reason: Type.Optional(Name('Why')), ...about },
    { additionalProperties: false },
  ),
})

export const leadEnriched = eventType({
  name: 'lead.enriched',
  title: 'More became known about a lead: its properties, its person, its company.',
  kind: 'observation',
  category: 'lead',
  key: 'lead',
  rank: 32,
  schema: Type.Object(
    { lead: Id('The lead'), account: Type.Optional(Id('The company it belongs to')), ...about },
    { additionalProperties: false },
  ),
})

export const leadEngaged = eventType({
  name: 'lead.engaged',
  title: 'A lead showed interest of its own: it replied, booked or held a meeting, asked for a price.',
  kind: 'observation',
  category: 'lead',
  key: 'lead',
  rank: 34,
  schema: Type.Object(
    { lead: Id('The lead'), kind: Name('What it did, e.g. reply, meeting-booked, demo-requested'), ...about },
    { additionalProperties: false },
  ),
})
