import { domain, list, only, text } from '../schema-parts.js'

/** A condition inside a schema that has `conditionsOver` among its `$defs`. */
export const condition = { $ref: '#/$defs/condition' } as const

/** `$defs` of a schema with conditions over the fields that match; `told` says which those are. */
export const conditionsOver = (pattern: string, told: string) => ({
  condition: {
    type: 'object',
    oneOf: [
      only('all', list(condition)),
      only('any', list(condition)),
      only('not', condition),
      {
        type: 'object',
        properties: {
          field: { type: 'string', pattern, description: told },
          is: scalar,
          in: list(scalar),
          starts_with: list(text),
          domain: list(domain),
          at_least: { type: 'number' },
          at_most: { type: 'number' },
          known: { type: 'boolean' },
        },
        required: ['field'],
        minProperties: 2,
        additionalProperties: false,
      },
    ],
    description:
      'be all, any or not of conditions, or a field with tests: is, in, starts_with, domain, at_least, at_most, known',
  },
})

/** Fields of a lead, and further ones. */
export const conditionsOverLeads = (...more: readonly string[]) =>
  conditionsOver(
    String.raw`^(${[...more, 'owner', 'account'].join('|')}|first-touch\.(channel|campaign)|properties\..+)$`,
    `${[...more, 'owner', 'account', 'first-touch.channel', 'first-touch.campaign'].join(', ')} or properties.<name>`,
  )

const scalar = { type: ['string', 'number', 'boolean'] } as const
