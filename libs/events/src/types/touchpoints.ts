import { Type } from '@sinclair/typebox'
import { eventType } from '../event-type.js'
import { Consent, Id, Name, Properties } from './fields.js'

export const touchpointRecorded = eventType({
  name: 'touchpoint.recorded',
  title: 'A contact between a visitor and the company: a page, a form, an ad click, an e-mail, a call, a meeting.',
  kind: 'observation',
  category: 'visitor',
  key: 'visitor',
  rank: 10,
  schema: Type.Object(
    {
      visitor: Id(
        'The anonymous browser or device; for an offline contact the id of the person will do, once a visitor.identified names it as visitor and as person',
      ),
      kind: Type.Union(
        ['page', 'form', 'ad-click', 'email', 'call', 'meeting', 'event', 'other'].map((kind) => Type.Literal(kind)),
        { description: 'What kind of contact' },
      ),
      channel: Type.Optional(Name('The marketing channel, e.g. organic_search')),
      campaign: Type.Optional(Name('The campaign')),
      url: Type.Optional(Type.String({ maxLength: 2000, description: 'Where; path and UTM parameters' })),
      consent: Type.Optional(
        Consent('What the visitor consented to at this contact, by purpose; it stands for this contact alone'),
      ),
      properties: Type.Optional(Properties),
    },
    { additionalProperties: false },
  ),
})

export const visitorIdentified = eventType({
  name: 'visitor.identified',
  title: 'A visitor turned out to be a person; the touches of the visitor are that person’s, earlier ones included.',
  kind: 'observation',
  category: 'visitor',
  key: 'visitor',
  rank: 20,
  schema: Type.Object({ visitor: Id('The visitor'), person: Id('The person') }, { additionalProperties: false }),
})

export const visitorUnlinked = eventType({
  name: 'visitor.unlinked',
  title: 'A visitor is not that person after all, as with a shared device; its touches are its own again.',
  kind: 'decision',
  category: 'visitor',
  key: 'visitor',
  rank: 22,
  schema: Type.Object(
    { visitor: Id('The visitor'), person: Id('The person it was taken for'), reason: Type.Optional(Name('Why')) },
    { additionalProperties: false },
  ),
})
