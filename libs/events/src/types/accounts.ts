import { Type } from '@sinclair/typebox'
import { eventType } from '../event-type.js'
import { DOMAIN, Id, Name, Properties } from './fields.js'

export const accountRecorded = eventType({
  name: 'account.recorded',
  title: 'A company, as another system knows it; a later report says what changed.',
  kind: 'observation',
  category: 'account',
  key: 'account',
  rank: 5,
  schema: Type.Object(
    {
      account: Id('The company'),
      company: Type.Optional(Name('Its name')),
      domains: Type.Optional(
        Type.Array(Type.String({ pattern: DOMAIN, maxLength: 253 }), {
          maxItems: 100,
          description: 'Its internet domains in lower case; they come in place of those told before',
        }),
      ),
      parent: Type.Optional(Id('The company that owns it')),
      owner: Type.Optional(Name('Who looks after it')),
      properties: Type.Optional(Properties),
    },
    { additionalProperties: false },
  ),
})
