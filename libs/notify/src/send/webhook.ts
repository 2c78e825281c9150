import { Webhook } from 'standardwebhooks'
import { secretsOf, type WebhookDestination } from '../destinations/destination.js'
import type { Notification } from '../notification.js'
import type { Attempt } from './attempt.js'
import type { Poster } from './http.js'

/** The body of a webhook: type, time and data as Standard Webhooks has them; `data.event` is the id of the event. */
export const payloadOf = ({ type, event, occurred, data }: Notification): string =>
  JSON.stringify({ type, timestamp: new Date(occurred).toISOString(), data: { event, ...data } })

/** The headers of Standard Webhooks: a signature for each secret, of id, time and body. `at` in ms since 1970. */
export function signed(id: string, body: string, secrets: readonly string[], at: number): Record<string, string> {
  const time = new Date(at)
  return {
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(at / 1000)),
    'webhook-signature': secrets.map((secret) => new Webhook(secret).sign(id, time, body)).join(' '),
  }
}

export const sendWebhook = (
  poster: Poster,
  destination: WebhookDestination,
  notification: Notification,
): Promise<Attempt> => {
  const body = payloadOf(notification)
  return poster.post(destination.url, body, signed(notification.id, body, secretsOf(destination), Date.now()))
}
