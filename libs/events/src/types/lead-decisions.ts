import { Type } from '@sinclair/typebox'
import { eventType } from '../event-type.js'
import { Because, Id, Name, Note } from './fields.js'
import { decision, lead, reason } from './of-lead.js'

export const leadQualified = eventType({
  name: 'lead.qualified',
  title: 'A lead met a qualification rule and entered the stage that it leads to.',
  ...decision,
  schema: Type.Object(
    {
      lead,
      stage: Name('The id of the stage'),
      rule: Name('The rule'),
      ruleVersion: Type.Integer({ minimum: 1, description: 'The version of the rule that judged' }),
      because: Because,
    },
    { additionalProperties: false },
  ),
})

export const leadAdvanced = eventType({
  name: 'lead.advanced',
  title: 'A lead was moved forward to a stage of the shared funnel.',
  ...decision,
  schema: Type.Object({ lead, stage: Name('The id of the stage') }, { additionalProperties: false }),
})

export const leadRecycled = eventType({
  name: 'lead.recycled',
  title: 'A lead was moved back to an earlier stage of the shared funnel.',
  ...decision,
  schema: Type.Object(
    { lead, stage: Name('The id of the earlier stage'), reason, note: Note },
    { additionalProperties: false },
  ),
})

export const leadDisqualified = eventType({
  name: 'lead.disqualified',
  title: 'A lead was given up.',
  ...decision,
  schema: Type.Object(
    { lead, stage: Name('The id of the stage, one of type lost'), reason, note: Note },
    { additionalProperties: false },
  ),
})

export const leadConverted = eventType({
  name: 'lead.converted',
  title: 'A lead became a sales opportunity or a customer; it is not worked on as a lead any more.',
  ...decision,
  schema: Type.Object(
    {
      lead,
      stage: Type.Optional(Name('The id of the stage it entered by that')),
      deal: Type.Optional(Id('The deal it became')),
    },
    { additionalProperties: false },
  ),
})

export const leadConversionReversed = eventType({
  name: 'lead.conversion-reversed',
  title: 'The last conversion of a lead is taken back, as if it had not been.',
  ...decision,
  schema: Type.Object({ lead, reason, note: Note }, { additionalProperties: false }),
})

export const leadAssigned = eventType({
  name: 'lead.assigned',
  title: 'A lead got another owner.',
  ...decision,
  schema: Type.Object(
    { lead, owner: Name('Who works on it from now on'), because: Because },
    { additionalProperties: false },
  ),
})
