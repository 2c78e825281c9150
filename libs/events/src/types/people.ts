import { Type } from '@sinclair/typebox'
import { eventType } from '../event-type.js'
import { Because, Consent, Id, Name } from './fields.js'

/** Decisions of one person come in the order of their versions, so all have one rank; consent is told from outside. */
const decision = { kind: 'decision', category: 'person', key: 'person', rank: 20 } as const
const person = Id('The person')
const reason = Type.Optional(Name('Why'))

export const personMerged = eventType({
  name: 'person.merged',
  title: 'Another id turned out to be this person: what is known of it is known of this person.',
  ...decision,
  schema: Type.Object(
    { person: Id('The person that stays'), absorbed: Id('The id that is absorbed'), because: Because },
    { additionalProperties: false },
  ),
})

export const personAbsorbed = eventType({
  name: 'person.absorbed',
  title: 'This id turned out to be another person; events that name it are that person’s from now on.',
  ...decision,
  schema: Type.Object(
    { person: Id('The id that is absorbed'), into: Id('The person that stays'), because: Because },
    { additionalProperties: false },
  ),
})

export const personUnmerged = eventType({
  name: 'person.unmerged',
  title: 'An absorbed id is not this person after all.',
  ...decision,
  schema: Type.Object(
    { person: Id('The person that stayed'), absorbed: Id('The id that is let go'), reason },
    { additionalProperties: false },
  ),
})

export const personReleased = eventType({
  name: 'person.released',
  title: 'This id is a person of its own again, with what it had and what came under it meanwhile.',
  ...decision,
  schema: Type.Object(
    {
      person: Id('The id that is let go'),
      from: Id('The person it was taken for'),
      reason,
    },
    { additionalProperties: false },
  ),
})

export const personAccountMatched = eventType({
  name: 'person.account-matched',
  title: 'A person was found to belong to a company, by a rule that says why.',
  ...decision,
  schema: Type.Object(
    {
      person,
      account: Id('The company'),
      rule: Name('The rule that matched'),
      ruleVersion: Type.Integer({ minimum: 1, description: 'Its version' }),
      fields: Type.Array(Name('A field'), { maxItems: 20, description: 'The fields it matched on' }),
      because: Because,
    },
    { additionalProperties: false },
  ),
})

export const personErased = eventType({
  name: 'person.erased',
  title: 'The personal data of a person was erased; the events stay, and name nobody.',
  ...decision,
  schema: Type.Object({ person }, { additionalProperties: false }),
})

export const personConsentRecorded = eventType({
  name: 'person.consent-recorded',
  title: 'A person gave or withdrew consent, purpose by purpose.',
  kind: 'observation',
  category: 'person',
  key: 'person',
  rank: 15,
  schema: Type.Object(
    {
      person,
      purposes: Consent('true: given, false: withdrawn; purposes that are not named stay as they are'),
    },
    { additionalProperties: false },
  ),
})
