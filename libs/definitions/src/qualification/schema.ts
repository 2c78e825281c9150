import { condition, conditionsOverLeads } from '../condition/schema.js'
import { definition, duration, id, list, object, text } from '../schema-parts.js'

const ways = list(
  object(
    {
      event: { enum: ['touchpoint.recorded', 'lead.engaged'] },
      kind: list(text),
      at_least: { type: 'integer', minimum: 1, maximum: 50 },
      within: duration,
    },
    ['kind', 'at_least', 'within'],
  ),
)

export const qualificationSchema = {
  $defs: conditionsOverLeads(),
  ...definition({
    stage: id,
    fit: condition,
    engagement: {
      ...object({ any: ways, all: ways }, ['any', 'all']),
      oneOf: [{ required: ['any'] }, { required: ['all'] }],
      description: 'have either any or all',
    },
  }),
}
