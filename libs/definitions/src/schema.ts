const text = { type: 'string', minLength: 1 } as const
const id = {
  type: 'string',
  pattern: '^[a-z][a-z0-9_.-]*$',
  description: 'lower-case letters, digits, dots, dashes and underscores, a letter first',
} as const
const common = {
  id,
  version: { type: 'integer', minimum: 1 },
  name: text,
  description: text,
  owners: {
    type: 'object',
    properties: { marketing: text, sales: text },
    required: ['marketing', 'sales'],
    additionalProperties: false,
  },
} as const
const commonRequired = ['id', 'version', 'name', 'description', 'owners'] as const
const where = { type: 'object', properties: { stage: text }, additionalProperties: false } as const
const sum = {
  type: 'object',
  properties: { measure: text, measures: { type: 'array', items: text, minItems: 1 }, where },
  additionalProperties: false,
  oneOf: [{ required: ['measure'] }, { required: ['measures'] }],
} as const
/** `patterns` are told by `description` when nothing matches. */
const source = (pattern: string, description: string) => ({
  type: 'object',
  properties: { from: { type: 'string', pattern, description }, value: { enum: ['at_event', 'latest'] } },
  required: ['from'],
  additionalProperties: false,
})
const only = (name: string, schema: object) => ({
  type: 'object',
  properties: { [name]: schema },
  required: [name],
  additionalProperties: false,
})

/** JSON Schemas of the definition files, one per kind. */
export const schemas = {
  funnel: {
    type: 'object',
    properties: {
      ...common,
      stages: {
        type: 'array',
        minItems: 1,
        items: {
          type: 'object',
          properties: {
            id,
            name: text,
            type: { enum: ['open', 'won', 'lost', 'recycled'] },
            owner: { enum: ['marketing', 'sales'] },
          },
          required: ['id', 'name', 'type', 'owner'],
          additionalProperties: false,
        },
      },
      conversions: {
        type: 'array',
        items: {
          type: 'object',
          properties: { from: text, to: text },
          required: ['from', 'to'],
          additionalProperties: false,
        },
      },
    },
    required: [...commonRequired, 'stages', 'conversions'],
    additionalProperties: false,
  },
  dimension: {
    type: 'object',
    properties: {
      ...common,
      sources: {
        type: 'object',
        properties: {
          touch: source(
            String.raw`^(channel|campaign|kind|properties\..+)$`,
            'channel, campaign, kind or properties.<name>',
          ),
          lead: source(
            String.raw`^(owner|properties\..+|first-touch\.(channel|campaign))$`,
            'owner, properties.<name>, first-touch.channel or first-touch.campaign',
          ),
          deal: source(String.raw`^(owner|account|properties\..+|lead)$`, 'owner, account, properties.<name> or lead'),
        },
        additionalProperties: false,
        minProperties: 1,
      },
    },
    required: [...commonRequired, 'sources'],
    additionalProperties: false,
  },
  kpi: {
    type: 'object',
    properties: {
      ...common,
      unit: { enum: ['count', 'ratio', 'money', 'duration'] },
      grain: { enum: ['touch', 'lead', 'deal'] },
      formula: {
        type: 'object',
        oneOf: [
          only('sum', sum),
          only('stock', sum),
          only('ratio', {
            type: 'object',
            properties: { numerator: sum, denominator: sum },
            required: ['numerator', 'denominator'],
            additionalProperties: false,
          }),
          only('conversion', {
            type: 'object',
            properties: {
              from: text,
              to: text,
              window: {
                type: 'string',
                pattern: '^[1-9][0-9]*[smhdw]$',
                description: 'a number and one of s, m, h, d, w, such as 30d',
              },
            },
            required: ['from', 'to'],
            additionalProperties: false,
          }),
          only('elapsed', {
            type: 'object',
            properties: { measure: text, where, stat: { enum: ['mean', 'median', 'p90'] } },
            required: ['measure', 'stat'],
            additionalProperties: false,
          }),
        ],
      },
    },
    required: [...commonRequired, 'unit', 'grain', 'formula'],
    additionalProperties: false,
  },
} as const
