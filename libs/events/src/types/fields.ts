import { Type } from '@sinclair/typebox'

/** Text of one line: control characters have no place in ids, names and the headers made of them. */
const line = { minLength: 1, maxLength: 200, pattern: '^[^\\u0000-\\u001f\\u007f]*$' }

/** An identifier as the producer sent it; never personal data (no e-mail address, no phone number). */
export const Id = (description: string) => Type.String({ ...line, description })

/** A word of some vocabulary: a stage, a channel, a reason. */
export const Name = (description: string) => Type.String({ ...line, description })

/** Money as an integer of minor units (cents for USD, yen for JPY) and its ISO 4217 code. */
export const Money = Type.Object(
  {
    minor: Type.Integer({ minimum: -Number.MAX_SAFE_INTEGER, maximum: Number.MAX_SAFE_INTEGER }),
    currency: Type.String({ pattern: '^[A-Z]{3}$', format: 'iso-4217', description: 'ISO 4217' }),
  },
  {
    additionalProperties: false,
    description: 'Integer minor units and currency: { "minor": 105400, "currency": "USD" } is 1,054.00 USD',
  },
)

/** Free properties of the subject: what dimensions are made of. Scalars only; an empty string is a value, null is none. */
export const Properties = Type.Record(
  Type.String({ pattern: '^[^\\u0000-\\u001f\\u007f]{1,128}$' }),
  Type.Union([Type.String({ maxLength: 1000 }), Type.Number(), Type.Boolean(), Type.Null()]),
  {
    additionalProperties: false,
    maxProperties: 256,
    description: 'Free scalar properties with names of 1 to 128 characters; definitions may make dimensions of them',
  },
)

/** The pattern of an internet domain. */
export const DOMAIN = '^[a-z0-9-]+(\\.[a-z0-9-]+)+$'

/** The pattern of a purpose that consent is given to. */
export const PURPOSE = '^[a-z][a-z0-9_-]{0,63}$'

/** Consent, purpose by purpose. */
export const Consent = (description: string) =>
  Type.Record(Type.String({ pattern: PURPOSE }), Type.Boolean(), {
    additionalProperties: false,
    minProperties: 1,
    maxProperties: 32,
    description,
  })

/** The id of an event. */
export const EventId = (description: string) => Type.String({ format: 'uuid', description })

/** Free text belongs in the vault; an event only names it. */
export const Note = Type.Optional(EventId('The note that tells more; its text is kept apart from the log'))

/** The events that led to a decision. */
export const Because = Type.Optional(
  Type.Array(EventId('An event'), { maxItems: 100, description: 'The ids of the events that led to it' }),
)
