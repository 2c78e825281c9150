import { Type } from '@sinclair/typebox'

/** An identifier as the producer sent it; never personal data (no e-mail address, no phone number). */
export const Id = (description: string) => Type.String({ minLength: 1, maxLength: 200, description })

/** A word of some vocabulary: a stage, a channel, a reason. */
export const Name = (description: string) => Type.String({ minLength: 1, maxLength: 200, description })

/** Money as an integer of minor units (cents for USD, yen for JPY) and its ISO 4217 code. */
export const Money = Type.Object(
  {
    minor: Type.Integer({ minimum: -Number.MAX_SAFE_INTEGER, maximum: Number.MAX_SAFE_INTEGER }),
    currency: Type.String({ pattern: '^[A-Z]{3}$', description: 'ISO 4217' }),
  },
  {
    additionalProperties: false,
    description: 'Integer minor units and currency: { "minor": 105400, "currency": "USD" } is 1,054.00 USD',
  },
)

/** Free properties of the subject: what dimensions are made of. Scalars only; an empty string is a value, null is none. */
export const Properties = Type.Record(
  Type.String({ minLength: 1, maxLength: 128 }),
  Type.Union([Type.String({ maxLength: 1000 }), Type.Number(), Type.Boolean(), Type.Null()]),
  { maxProperties: 256, description: 'Free scalar properties; definitions may make dimensions of them' },
)
