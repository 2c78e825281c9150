import { Type, type Static, type TSchema } from '@sinclair/typebox'

/** A text, with templates or without; or something made of one. `docs/import.md` describes each field for users. */
export interface ValueRule {
  /** The text to take. */
  readonly value?: string
  /** Other words for some texts; null makes the value missing. */
  readonly map?: Readonly<Record<string, string | number | boolean | null>>
  /** What of a text that `map` lacks: an error, unless said otherwise. */
  readonly otherwise?: 'error' | 'keep' | 'omit'
  /** The text is a decimal number. */
  readonly number?: string
  /** The text is an amount of money. */
  readonly money?: string
  readonly currency?: string
  /** The decimal sign of `number` and `money`; a point, unless said otherwise. */
  readonly decimal?: '.' | ','
}
export type Value = string | number | boolean | ValueRule

/** What a cell must be: one of these texts; null stands for a missing one (a join without a match). */
export type Match = string | null | readonly (string | null)[]
/** All columns named must match. */
export type Condition = Readonly<Record<string, Match | { readonly not: Match }>>

const text = Type.String({ minLength: 1 })
const scalar = Type.Unsafe<string | null>({ type: ['string', 'null'] })
const strict = { additionalProperties: false }

// One schema with several `type`s instead of a union: its mistakes name the field and nothing else.
const Value = Type.Unsafe<Value>({
  type: ['string', 'number', 'boolean', 'object'],
  properties: {
    value: text,
    map: { type: 'object', additionalProperties: { type: ['string', 'number', 'boolean', 'null'] }, minProperties: 1 },
    otherwise: { enum: ['error', 'keep', 'omit'] },
    number: text,
    money: text,
    currency: text,
    decimal: { enum: ['.', ','] },
  },
  additionalProperties: false,
  dependencies: { map: ['value'], otherwise: ['map'], money: ['currency'], currency: ['money'] },
})
const matches = { type: ['string', 'null', 'array'], items: scalar } satisfies Partial<TSchema>
const Condition = Type.Unsafe<Condition>({
  type: 'object',
  minProperties: 1,
  additionalProperties: {
    ...matches,
    type: [...matches.type, 'object'],
    properties: { not: matches },
    required: ['not'],
    additionalProperties: false,
  },
})
const Time = Type.Unsafe<string | { readonly value: string; readonly format?: string; readonly zone?: string }>({
  type: ['string', 'object'],
  properties: { value: text, format: text, zone: text },
  required: ['value'],
  additionalProperties: false,
})
const Data = Type.Unsafe<Readonly<Record<string, Value>> & { readonly properties?: Readonly<Record<string, Value>> }>({
  type: 'object',
  properties: { properties: { type: 'object', additionalProperties: Value } },
  additionalProperties: Value,
})

/** What a row tells of a person, by field; texts only. */
const PersonalRule = Type.Unsafe<Readonly<Record<string, string>>>({
  type: 'object',
  minProperties: 1,
  additionalProperties: text,
})
const Sequence = Type.Unsafe<string | number>({ type: ['string', 'integer'], minLength: 1, minimum: 0 })

const EventRule = Type.Object(
  {
    type: text,
    name: Type.Optional(text),
    when: Type.Optional(Condition),
    time: Time,
    sequence: Type.Optional(Sequence),
    data: Data,
    personal: Type.Optional(PersonalRule),
  },
  strict,
)
const Join = Type.Object(
  {
    file: text,
    as: Type.String({ pattern: '^[a-z][a-z0-9_]*$' }),
    on: Type.Unsafe<Readonly<Record<string, Value>>>({ type: 'object', minProperties: 1, additionalProperties: Value }),
    delimiter: Type.Optional(text),
    encoding: Type.Optional(text),
  },
  strict,
)
const Input = Type.Object(
  {
    file: text,
    delimiter: Type.Optional(text),
    encoding: Type.Optional(text),
    joins: Type.Optional(Type.Array(Join)),
    key: text,
    skip: Type.Optional(Type.Array(Type.Object({ when: Condition, because: text }, strict))),
    events: Type.Array(EventRule, { minItems: 1 }),
  },
  strict,
)

/** A mapping file: which rows of which files are which events. */
export const MappingSchema = Type.Object(
  {
    mapping: Type.Literal(1),
    source: text,
    zone: Type.Optional(text),
    inputs: Type.Array(Input, { minItems: 1 }),
  },
  strict,
)
export type Mapping = Static<typeof MappingSchema>
export type Input = Mapping['inputs'][number]
export type EventRule = Input['events'][number]
export type Join = Static<typeof Join>
export type TimeRule = EventRule['time']
