import { Type } from '@sinclair/typebox'
import { eventType } from '../event-type.js'
import { Because, Name, Note } from './fields.js'
import { decision, handoff, lead, reason } from './of-lead.js'

export const handoffOffered = eventType({
  name: 'handoff.offered',
  title: 'A lead was offered to sales, to a person or to a queue.',
  ...decision,
  schema: Type.Object(
    {
      lead,
      handoff,
      assignee: Type.Optional(Name('The person it is offered to')),
      queue: Type.Optional(Name('The queue it is offered to, if to no person')),
      deadline: Type.String({ format: 'date-time', description: 'When it expires if nobody answers; UTC' }),
      fallback: Type.Optional(Name('Who gets the lead when it expires')),
    },
    { additionalProperties: false },
  ),
})

export const handoffAccepted = eventType({
  name: 'handoff.accepted',
  title: 'An offered lead was accepted: it has an owner in sales.',
  ...decision,
  schema: Type.Object(
    {
      lead,
      handoff,
      owner: Name('Who accepted it and works on it from now on'),
      stage: Type.Optional(Name('The id of the stage it entered by that')),
    },
    { additionalProperties: false },
  ),
})

export const handoffRejected = eventType({
  name: 'handoff.rejected',
  title: 'An offered lead was rejected and is marketing’s again, with a reason to learn from.',
  ...decision,
  schema: Type.Object({ lead, handoff, reason, note: Note }, { additionalProperties: false }),
})

export const handoffExpired = eventType({
  name: 'handoff.expired',
  title: 'Nobody answered an offered lead before its deadline.',
  ...decision,
  schema: Type.Object({ lead, handoff }, { additionalProperties: false }),
})

export const handoffWithdrawn = eventType({
  name: 'handoff.withdrawn',
  title: 'An offered lead was taken back before anybody answered.',
  ...decision,
  schema: Type.Object({ lead, handoff }, { additionalProperties: false }),
})

export const handoffFeedbackRaised = eventType({
  name: 'handoff.feedback-raised',
  title: 'Marketing was told why sales rejected a lead, so that the source can be mended.',
  ...decision,
  schema: Type.Object(
    {
      lead,
      handoff,
      reason: Name('Why it was rejected, from the shared taxonomy'),
      channel: Type.Optional(Name('Channel of the first touch')),
      campaign: Type.Optional(Name('Campaign of the first touch')),
      because: Because,
    },
    { additionalProperties: false },
  ),
})
