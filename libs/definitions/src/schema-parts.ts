/**
 * What the schemas of definition files are made of. A `description` is how a mistake is told where `oneOf` or `pattern` fails.
 */
export const text = { type: 'string', minLength: 1 } as const
export const id = {
  type: 'string',
  pattern: '^[a-z][a-z0-9_.-]*$',
  description: 'lower-case letters, digits, dots, dashes and underscores, a letter first',
} as const
export const duration = {
  type: 'string',
  pattern: '^[1-9][0-9]{0,5}[smhdw]$',
  description: 'a number and one of s, m, h, d, w, such as 30d',
} as const
export const domain = {
  type: 'string',
  pattern: String.raw`^[a-z0-9-]+(\.[a-z0-9-]+)+$`,
  description: 'a domain in lower case, such as example.com',
} as const

/** At least one of these. */
export const list = (items: object) => ({ type: 'array', items, minItems: 1 })

/** An object with these fields and no others; those that are not optional are required. */
export const object = (properties: Readonly<Record<string, object>>, optional: readonly string[] = []) => ({
  type: 'object',
  properties,
  required: Object.keys(properties).filter((name) => !optional.includes(name)),
  additionalProperties: false,
})

/** An object with this one field. */
export const only = (name: string, schema: object) => object({ [name]: schema })

/** What a column of 32 bits holds, and the versions in answers. */
const MOST_VERSION = 2 ** 31 - 1

/** A definition: what every one has, and fields of its own. */
export const definition = (properties: Readonly<Record<string, object>>, optional: readonly string[] = []) =>
  object(
    {
      id,
      version: { type: 'integer', minimum: 1, maximum: MOST_VERSION },
      name: text,
      description: text,
      owners: object({ marketing: text, sales: text }),
      approved: object({ marketing: approver, sales: approver }, ['marketing', 'sales']),
      ...properties,
    },
    ['approved', ...optional],
  )

/** One line, as an event holds it. */
const approver = {
  type: 'string',
  minLength: 1,
  maxLength: 200,
  pattern: String.raw`^[^\u0000-\u001f\u007f]*$`,
  description: 'one line of text',
} as const
