import type { Destination } from '../destinations/destination.js'
import type { Outgoing } from '../notification.js'
import { failed, type Attempt } from './attempt.js'
import { sendEmail } from './email.js'
import { poster } from './http.js'
import { GROUP, PAUSE, sendSlack } from './slack.js'
import { sendWebhook } from './webhook.js'

/** How many notifications go to a destination at once, and how long it is left alone after that, in ms. */
export const paceOf = ({ type }: Destination): { readonly size: number; readonly pause: number } =>
  type === 'slack' ? { size: GROUP, pause: PAUSE } : { size: 1, pause: 0 }

/** Tells destinations; one attempt, which never rejects: whatever goes wrong is one that failed. */
export interface Sender {
  /** Of several notifications only where the destination takes groups. */
  send(destination: Destination, notifications: readonly Outgoing[]): Promise<Attempt>
  close(): Promise<void>
}

/** `allowPrivate`: also to addresses of this machine and of private networks. `timeout` of an attempt in ms. */
export function openSender(options: { readonly allowPrivate: boolean; readonly timeout?: number }): Sender {
  const http = poster(options)
  return {
    async send(destination, notifications) {
      try {
        if (destination.type === 'slack') return await sendSlack(http, destination, notifications)
        if (destination.type === 'webhook') return await sendWebhook(http, destination, notifications[0]!)
        return await sendEmail(destination, notifications[0]!, options.timeout)
      } catch (error) {
        return failed(error)
      }
    },
    close: () => http.close(),
  }
}
