import { condition, conditionsOverLeads } from '../condition/schema.js'
import { definition, duration, id, list, object } from '../schema-parts.js'

export const teamSchema = definition({ side: { enum: ['marketing', 'sales'] }, manager: id, members: list(id) })

export const territorySchema = { $defs: conditionsOverLeads(), ...definition({ where: condition, team: id }) }

export const queueSchema = definition({
  members: {
    ...list(
      object(
        {
          member: id,
          weight: { type: 'integer', minimum: 1, maximum: 1000 },
          capacity: { type: 'integer', minimum: 1, maximum: 1_000_000 },
        },
        ['capacity'],
      ),
    ),
    maxItems: 500,
  },
})

export const routingSchema = {
  $defs: conditionsOverLeads('territory'),
  ...definition({
    stage: id,
    rules: list(object({ where: condition, queue: id, deadline: duration, fallback: id }, ['where'])),
  }),
}
