import { Type } from '@sinclair/typebox'
import { eventType } from '../event-type.js'
import { Because, Id, Name } from './fields.js'

/** A queue of leads and those who take from it in turn; its decisions come in the order of their versions. */
const decision = { kind: 'decision', category: 'queue', key: 'queue', rank: 10 } as const
const queue = Id('The queue')
const member = Name('The member')

export const queueStaffed = eventType({
  name: 'queue.staffed',
  title: 'Who takes leads from a queue from now on, and how many in proportion.',
  ...decision,
  schema: Type.Object(
    {
      queue,
      members: Type.Array(
        Type.Object(
          {
            member,
            weight: Type.Integer({ minimum: 1, maximum: 1000, description: 'Share in proportion to the others' }),
            capacity: Type.Optional(
              Type.Integer({ minimum: 1, maximum: 1_000_000, description: 'Open leads at most; absent: any number' }),
            ),
          },
          { additionalProperties: false },
        ),
        { maxItems: 500, description: 'All of them; who is not named has left' },
      ),
    },
    { additionalProperties: false },
  ),
})

export const queueAssigned = eventType({
  name: 'queue.assigned',
  title: 'A lead was given to a member of a queue.',
  ...decision,
  schema: Type.Object(
    { queue, lead: Id('The lead'), member, rule: Type.Optional(Name('The routing rule')), because: Because },
    { additionalProperties: false },
  ),
})

export const queueCredited = eventType({
  name: 'queue.credited',
  title: 'An assignment does not count: the member is given another lead sooner.',
  ...decision,
  schema: Type.Object(
    { queue, lead: Id('The lead'), member, reason: Name('Why, e.g. rejected, duplicate, no-show') },
    { additionalProperties: false },
  ),
})

export const queueReleased = eventType({
  name: 'queue.released',
  title: 'A lead is no longer open with a member: there is room for another.',
  ...decision,
  schema: Type.Object({ queue, lead: Id('The lead'), member }, { additionalProperties: false }),
})

export const queueMemberLeft = eventType({
  name: 'queue.member-left',
  title: 'A member is away and is given nothing.',
  ...decision,
  schema: Type.Object({ queue, member, reason: Type.Optional(Name('Why')) }, { additionalProperties: false }),
})

export const queueMemberReturned = eventType({
  name: 'queue.member-returned',
  title: 'A member is back, level with the others: what was missed is not made up for.',
  ...decision,
  schema: Type.Object({ queue, member }, { additionalProperties: false }),
})
