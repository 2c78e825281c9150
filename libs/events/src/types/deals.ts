import { Type } from '@sinclair/typebox'
import { eventType } from '../event-type.js'
import { Id, Money, Name, Properties } from './fields.js'

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

export const dealLost = eventType({
  name: 'deal.lost',
  title: 'A deal was lost.',
  kind: 'observation',
  category: 'deal',
  key: 'deal',
  rank: 80,
  schema: Type.Object(
    { deal, reason: Type.Optional(Name('Why, from the shared taxonomy')), ...about },
    { additionalProperties: false },
  ),
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
