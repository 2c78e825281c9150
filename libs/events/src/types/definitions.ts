import { Type } from '@sinclair/typebox'
import { eventType } from '../event-type.js'
import { Id, Name } from './fields.js'

export const definitionApplied = eventType({
  name: 'definition.applied',
  title: 'A version of a definition that both teams approved is in force from an instant on.',
  kind: 'decision',
  category: 'definition',
  key: 'definition',
  rank: 10,
  schema: Type.Object(
    {
      definition: Id('<kind>/<id>, e.g. kpi/win-rate'),
      version: Type.Integer({ minimum: 1, description: 'The version' }),
      effective: Type.String({ format: 'date-time', description: 'From when it is in force; UTC' }),
      approved: Type.Object(
        { marketing: Name('Who approved it for marketing'), sales: Name('Who approved it for sales') },
        { additionalProperties: false },
      ),
      hash: Type.String({ pattern: '^[0-9a-f]{64}$', description: 'SHA-256 of the content in canonical JSON' }),
      content: Type.Unknown({ description: 'The definition as its file has it' }),
    },
    { additionalProperties: false },
  ),
})
