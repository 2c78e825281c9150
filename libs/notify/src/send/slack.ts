import type { SlackDestination } from '../destinations/destination.js'
import { messageOf } from '../message.js'
import type { Notification } from '../notification.js'
import type { Attempt } from './attempt.js'
import type { Poster } from './http.js'

/** So many notifications go into one message at most: Slack takes 50 blocks. */
export const GROUP = 20
/** Slack takes about one message a second. Milliseconds. */
export const PAUSE = 1000
/** What Slack takes in one block. */
const LONGEST = 3000

/** One message of several notifications: a block each, as plain text, so that nothing in it is taken for a link or a mention. */
export function slackBody(notifications: readonly Notification[]): string {
  const texts = notifications.map((one) => messageOf(one).text.slice(0, LONGEST))
  const title = texts.length === 1 ? texts[0]! : `${texts.length} notifications: ${texts[0]!}, …`
  return JSON.stringify({
    text: title.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;'),
    blocks: texts.map((text) => ({ type: 'section', text: { type: 'plain_text', text, emoji: false } })),
  })
}

export const sendSlack = (
  poster: Poster,
  { url }: SlackDestination,
  notifications: readonly Notification[],
): Promise<Attempt> => poster.post(url, slackBody(notifications), {})
