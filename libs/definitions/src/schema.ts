import { channelsSchema } from './channels/schema.js'
import { grains, reasonsFor } from './definitions.js'
import type { Kind } from './kinds.js'
import { qualificationSchema } from './qualification/schema.js'
import { queueSchema, routingSchema, teamSchema, territorySchema } from './routing/schema.js'
import { calendarSchema, policySchema } from './sla/schema.js'
import { definition, duration, id, list, object, only, text } from './schema-parts.js'

const where = object({ stage: text }, ['stage'])
const sum = {
  ...object({ measure: text, measures: list(text), where }, ['measure', 'measures', 'where']),
  oneOf: [{ required: ['measure'] }, { required: ['measures'] }],
  description: 'have either measure or measures',
}
const source = (pattern: string, description: string) =>
  object(
    {
      from: { type: 'string', pattern, description },
      attribute: { enum: ['team', 'manager'] },
      value: { enum: ['at_event', 'latest'] },
    },
    ['attribute', 'value'],
  )

const funnelSchema = definition(
  {
    stages: list(
      object(
        {
          id,
          name: text,
          type: { enum: ['open', 'won', 'lost', 'recycled'] },
          owner: { enum: ['marketing', 'sales'] },
          entry: { ...object({ rule: id }), type: ['string', 'object'], minLength: 1 },
          skipped: { enum: ['not-entered'] },
        },
        ['entry', 'skipped'],
      ),
    ),
    conversions: { type: 'array', items: object({ from: text, to: text }) },
    accepted: id,
    converted: id,
  },
  ['accepted', 'converted'],
)

const dimensionSchema = definition({
  sources: {
    ...object(
      {
        touch: source(
          String.raw`^(channel|campaign|kind|properties\..+)$`,
          'channel, campaign, kind or properties.<name>',
        ),
        lead: source(
          String.raw`^(owner|reason|properties\..+|first-touch\.(channel|campaign))$`,
          'owner, reason, properties.<name>, first-touch.channel or first-touch.campaign',
        ),
        deal: source(
          String.raw`^(owner|account|reason|properties\..+|lead)$`,
          'owner, account, reason, properties.<name> or lead',
        ),
        clock: source(String.raw`^(policy|party|owner|team|lead)$`, 'policy, party, owner, team or lead'),
      },
      ['touch', 'lead', 'deal', 'clock'],
    ),
    minProperties: 1,
  },
})

const kpiSchema = definition({
  unit: { enum: ['count', 'ratio', 'money', 'duration'] },
  grain: { enum: grains },
  formula: {
    type: 'object',
    oneOf: [
      only('sum', sum),
      only('stock', sum),
      only('ratio', object({ numerator: sum, denominator: sum })),
      only('conversion', object({ from: text, to: text, window: duration }, ['window'])),
      only('elapsed', object({ measure: text, where, stat: { enum: ['mean', 'median', 'p90'] } }, ['where'])),
    ],
    description: 'be one of sum, stock, ratio, conversion, elapsed (see definitions/README.md)',
  },
})

const reasonsSchema = definition({
  id: { enum: reasonsFor },
  reasons: list(object({ id, name: text, note: { type: 'boolean' } }, ['note'])),
})

/** JSON Schemas of the definition files, one per kind. */
export const schemas = {
  funnel: funnelSchema,
  dimension: dimensionSchema,
  kpi: kpiSchema,
  reasons: reasonsSchema,
  qualification: qualificationSchema,
  team: teamSchema,
  territory: territorySchema,
  queue: queueSchema,
  routing: routingSchema,
  channels: channelsSchema,
  calendar: calendarSchema,
  sla: policySchema,
} as const satisfies Record<Kind, object>
