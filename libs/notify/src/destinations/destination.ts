import { Type, type Static } from '@sinclair/typebox'

/** The events that somebody may be told of. */
export const tellable = [
  'sla.warned',
  'sla.breached',
  'sla.escalated',
  'sla.corrected',
  'handoff.feedback-raised',
] as const
export type Tellable = (typeof tellable)[number]

const closed = { additionalProperties: false }
const text = { minLength: 1, maxLength: 2000 }
const address = Type.String({
  maxLength: 320,
  pattern: String.raw`^[^\s@<>,;]+@[^\s@<>,;]+$`,
  description: 'an e-mail address',
})
const secret = Type.String({
  pattern: '^whsec_(?:[A-Za-z0-9+/]{4}){6,}(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$',
  description: 'whsec_ and at least 18 bytes in Base64',
})

/** What every destination has: who it is, and what it wants to hear of. */
const about = {
  id: Type.String({
    pattern: '^[a-z][a-z0-9_.-]{0,99}$',
    description: 'lower-case letters, digits, dots, dashes and underscores, a letter first',
  }),
  events: Type.Array(Type.Union(tellable.map((one) => Type.Literal(one))), { minItems: 1, uniqueItems: true }),
  party: Type.Optional(Type.Union([Type.Literal('marketing'), Type.Literal('sales')])),
  team: Type.Optional(Type.String(text)),
  policies: Type.Optional(Type.Array(Type.String(text), { minItems: 1 })),
}

export const schemas = {
  webhook: Type.Object(
    {
      ...about,
      type: Type.Literal('webhook'),
      url: Type.String(text),
      // the first signs, too, while receivers move on to the second
      secret: Type.Union([secret, Type.Array(secret, { minItems: 1, maxItems: 5 })], {
        description: 'whsec_ and at least 18 bytes in Base64, or a list of such',
      }),
    },
    closed,
  ),
  slack: Type.Object({ ...about, type: Type.Literal('slack'), url: Type.String(text) }, closed),
  email: Type.Object(
    {
      ...about,
      type: Type.Literal('email'),
      server: Type.String(text),
      from: address,
      to: Type.Array(address, { minItems: 1, maxItems: 50 }),
    },
    closed,
  ),
}

export type WebhookDestination = Static<typeof schemas.webhook>
export type SlackDestination = Static<typeof schemas.slack>
export type EmailDestination = Static<typeof schemas.email>

/** Who is told, and how they are reached; with secrets, so never to be shown. */
export type Destination = WebhookDestination | SlackDestination | EmailDestination
export type DestinationType = Destination['type']

export const secretsOf = (webhook: WebhookDestination): readonly string[] =>
  typeof webhook.secret === 'string' ? [webhook.secret] : webhook.secret
