import { mintId } from '@funnel/events'
import { secretsOf, type Destination } from './destinations/destination.js'
import type { Notification } from './notification.js'
import type { Attempt } from './send/attempt.js'
import type { Sender } from './send/sender.js'

/**
 * A notification about nothing, to try a destination with: its id is new, and its data say that it is a test. `now` in ms
 * since 1970.
 */
export function sample(destination: string, now: number): Notification {
  const started = new Date(now - 3_600_000).toISOString()
  return {
    id: mintId(),
    event: mintId(),
    destination,
    type: 'sla.breached',
    occurred: now,
    data: {
      test: true,
      subject: 'lead-of-a-test',
      clock: 'test/lead-of-a-test',
      policy: 'test',
      policyVersion: 1,
      party: 'sales',
      lead: 'lead-of-a-test',
      started,
      due: new Date(now).toISOString(),
    },
  }
}

/** Sends a sample now; what came back is fit to be shown: on one line, and without the destination's secrets. */
export async function trySample(sender: Sender, destination: Destination): Promise<Attempt> {
  const { body, ...attempt } = await sender.send(destination, [sample(destination.id, Date.now())])
  return body ? { ...attempt, body: showable(body, destination) } : attempt
}

function showable(text: string, destination: Destination): string {
  const without = secretParts(destination).reduce((left, secret) => left.replaceAll(secret, '[secret]'), text)
  return without.replaceAll(/[\p{Cc}\s]+/gu, ' ').trim()
}

/** What an answer may repeat of a destination and must not be seen; the longest first. */
function secretParts(destination: Destination): string[] {
  const { pathname, search, password } = new URL(destination.type === 'email' ? destination.server : destination.url)
  const parts = [
    pathname + search,
    pathname,
    search.slice(1),
    ...pathname.split('/'),
    password,
    decodeURIComponent(password),
    ...(destination.type === 'webhook' ? secretsOf(destination) : []),
  ]
  return parts.filter((part) => part.length >= 6).toSorted((a, b) => b.length - a.length)
}
