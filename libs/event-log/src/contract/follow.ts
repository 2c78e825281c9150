import { setTimeout as sleep } from 'node:timers/promises'
import { advance, covers, type Positions, type Recorded } from '@funnel/events'
import type { Batch, EventLog, OpenOptions, Subscription } from '../ports.js'

/** A consumer as it should be: it saves its place with what it has seen, and keeps both when it stops. */
export class Follower {
  readonly seen: Recorded[] = []
  readonly batches: Batch[] = []
  place: Positions = {}
  failure: unknown
  asked = 0
  #subscription: Subscription | undefined
  #running: Promise<void> = Promise.resolve()

  /** Opens the log and reads until `close`, or until it fails. `place` may be shared by the members of a group. */
  async open(log: EventLog, group: string, saved: { place: Positions } = this, options?: OpenOptions): Promise<this> {
    this.failure = undefined
    const place = () => {
      this.asked++
      return Promise.resolve(saved.place)
    }
    const subscription = await log.open(group, ['leads', 'deals'], place, options)
    this.#subscription = subscription
    this.#running = this.#read(subscription, saved)
    return this
  }

  async #read(subscription: Subscription, saved: { place: Positions }): Promise<void> {
    try {
      for await (const batch of subscription) {
        this.batches.push(batch)
        this.seen.push(...batch.events)
        saved.place = advance(saved.place, batch.events)
        subscription.hint(saved.place)
      }
    } catch (error) {
      this.failure = error
    }
  }

  async close(): Promise<void> {
    await this.#subscription?.close()
    await this.#running
  }

  /** Resolves when it has seen all of these, or throws what it failed with. */
  async until(records: readonly Recorded[], members: readonly Follower[] = [this]): Promise<void> {
    const end = advance({}, records)
    const seen = () =>
      advance(
        {},
        members.flatMap((member) => member.seen),
      )
    await among(members, () => covers(seen(), end))
  }
}

/** Waits for something to come true of followers, or throws what one of them failed with. */
export const among = (followers: readonly Follower[], check: () => boolean): Promise<void> =>
  eventually(() => {
    const failed = followers.find(({ failure }) => failure !== undefined)
    if (failed) throw failed.failure
    return check()
  })

/** Waits for something to come true. */
export async function eventually(check: () => boolean, seconds = 30): Promise<void> {
  for (const end = Date.now() + seconds * 1000; !check(); await sleep(20))
    if (Date.now() > end) throw new Error(`did not come true within ${seconds} s: ${String(check)}`)
}
