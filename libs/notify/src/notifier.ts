import type pg from 'pg'
import type { Topic } from '@funnel/events'
import type { Intent, Outcome, Reactor } from '@funnel/reactor'
import type { Destination } from './destinations/destination.js'
import { notificationsOf, type Notification } from './notification.js'

/** Where what is told comes from. */
export const notifierTopics: readonly Topic[] = ['leads', 'sla']

/**
 * The projection of verdicts to notifications: it keeps nothing, and what follows from an event are rows of `notify.delivery`.
 */
export const notifier = (destinations: readonly Destination[]): Reactor<null, Notification> => ({
  name: 'notifier',
  keysOf: () => [],
  react: ({ event }, turn) => {
    for (const notification of notificationsOf(event, destinations))
      turn.command(notification.destination, notification)
  },
  due: () => undefined,
})

/** Makes the row of a notification, to be sent; nothing where there is one. */
export const deliver =
  (pool: pg.Pool) =>
  async ({ command: { id, event, destination, type, occurred, data } }: Intent<Notification>): Promise<Outcome> => {
    const { rowCount } = await pool.query({
      name: 'notify-deliver',
      text: `insert into notify.delivery (id, event, destination, type, occurred, data) values ($1, $2, $3, $4, $5, $6) on conflict do nothing`,
      values: [id, event, destination, type, new Date(occurred), JSON.stringify(data)],
    })
    return rowCount ? 'done' : 'nothing'
  }
