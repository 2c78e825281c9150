import { Type } from '@sinclair/typebox'
import { eventType } from '../event-type.js'
import { Because, Id, Money, Name, Note, Properties } from './fields.js'

/** What any deal fact may say about the deal; the latest known value counts. */
const about = {
  lead: Type.Optional(Id('The lead it came from')),
  person: Type.Optional(Id('The person it is with')),
  account: Type.Optional(Id('The company it is with')),
  owner: Type.Optional(Name('Who sells it')),
  properties: Type.Optional(Properties),
}
const deal = Id('The deal')

export const dealOpened = eventType({
  name: 'deal.opened',
  title: 'A sales opportunity began.',
  kind: 'observation',
  category: 'deal',
  key: 'deal',
  rank: 50,
  schema: Type.Object(
    { deal, stage: Type.Optional(Name('Its first stage')), amount: Type.Optional(Money), ...about },
    { additionalProperties: false },
  ),
})

export const dealStageEntered = eventType({
  name: 'deal.stage-entered',
  title: 'A deal entered a stage of the sales pipeline.',
  kind: 'observation',
  category: 'deal',
  key: 'deal',
  rank: 60,
  schema: Type.Object({ deal, stage: Name('The stage'), ...about }, { additionalProperties: false }),
})

export const dealAmountChanged = eventType({
  name: 'deal.amount-changed',
  title: 'The value of a deal changed.',
  kind: 'observation',
  category: 'deal',
  key: 'deal',
  rank: 70,
  schema: Type.Object({ deal, amount: Money, ...about }, { additionalProperties: false }),
})

export const dealWon = eventType({
  name: 'deal.won',
  title: 'A deal was won.',
  kind: 'observation',
  category: 'deal',
  key: 'deal',
  rank: 80,
  schema: Type.Object({ deal, amount: Type.Optional(Money), ...about }, { additionalProperties: false }),
})

const lost = { deal, reason: Type.Optional(Name('Why, from the shared taxonomy')), ...about }

export const dealLost = eventType({
  name: 'deal.lost',
  title: 'A deal was lost.',
  kind: 'observation',
  category: 'deal',
  key: 'deal',
  rank: 80,
  version: 2, // may name a note
  earlier: [Type.Object(lost, { additionalProperties: false })],
  upcasters: [(data) => data],
  schema: Type.Object({ ...lost, note: Note }, { additionalProperties: false }),
})

export const dealReopened = eventType({
  name: 'deal.reopened',
  title: 'A won or lost deal became open again.',
  kind: 'observation',
  category: 'deal',
  key: 'deal',
  rank: 90,
  schema: Type.Object(
    { deal, stage: Type.Optional(Name('The stage it is in again')), ...about },
    { additionalProperties: false },
  ),
})

export const dealAssigned = eventType({
  name: 'deal.assigned',
  title: 'A deal got another owner.',
  kind: 'observation',
  category: 'deal',
  key: 'deal',
  rank: 72,
  schema: Type.Object(
    { deal, owner: Name('Who sells it from now on'), because: Because },
    { additionalProperties: false },
  ),
})

export const dealCloseExpected = eventType({
  name: 'deal.close-expected',
  title: 'The day on which a deal is expected to close became known, or another one.',
  kind: 'observation',
  category: 'deal',
  key: 'deal',
  rank: 74,
  schema: Type.Object(
    { deal, day: Type.String({ format: 'date', description: 'The day, in the company’s own zone' }) },
    { additionalProperties: false },
  ),
})

const contact = { deal, person: Id('The contact'), role: Name('What the contact is to the deal, e.g. champion, buyer') }

export const dealContactAdded = eventType({
  name: 'deal.contact-added',
  title: 'A person has a role in a deal.',
  kind: 'observation',
  category: 'deal',
  key: 'deal',
  rank: 76,
  schema: Type.Object(contact, { additionalProperties: false }),
})

export const dealContactRemoved = eventType({
  name: 'deal.contact-removed',
  title: 'A person has a role in a deal no more.',
  kind: 'observation',
  category: 'deal',
  key: 'deal',
  rank: 78,
  schema: Type.Object(contact, { additionalProperties: false }),
})
