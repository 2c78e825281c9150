import type pg from 'pg'
import type { Head, Positions, Topic } from '@funnel/events'
import { Bell } from '../delivery/bell.js'
import { HeadSignal } from '../delivery/head-signal.js'
import { Outlet } from '../delivery/outlet.js'
import { furthest, isWhole, partitionKey } from '../delivery/shares.js'
import { readBatch, sameEpoch } from '../delivery/store-reader.js'
import { WATERMARK_STEP } from '../tail/head-reader.js'
import type { EventLog, EventTail, OpenOptions, Subscription } from '../ports.js'
import { Membership } from './membership.js'

export interface PostgresEventLogOptions {
  /** Events of a batch at most. */
  readonly batchSize?: number
  /** How often a member looks for others that came or went, in ms. */
  readonly lookEvery?: number
}

const POLL_MIN = 20
const POLL_MAX = 250

/**
 * The log read from the store itself. The pool is the store's; each subscription keeps one connection for its
 * membership, and all share one that listens for moves of the head.
 */
export class PostgresEventLog implements EventLog {
  readonly #pool: pg.Pool
  readonly #tail: EventTail
  readonly #options: Required<PostgresEventLogOptions>
  readonly #signal: HeadSignal
  readonly #open = new Set<Subscription>()

  constructor(pool: pg.Pool, tail: EventTail, options: PostgresEventLogOptions = {}) {
    this.#pool = pool
    this.#tail = tail
    this.#options = { batchSize: 5000, lookEvery: 1000, ...options }
    this.#signal = new HeadSignal(pool)
  }

  async open(
    group: string,
    topics: readonly Topic[],
    place: () => Promise<Positions>,
    { whole = false }: OpenOptions = {},
  ): Promise<Subscription> {
    const bell = new Bell()
    const outlet = new Outlet()
    const membership = await Membership.join(this.#pool, {
      group,
      wanted: topics,
      lost: (error) => {
        outlet.fail(error)
        bell.ring()
      },
    })
    const silence = this.#signal.subscribe(() => bell.ring())
    const reader = new Reader({
      tail: this.#tail,
      options: this.#options,
      membership,
      outlet,
      bell,
      place,
      topics,
      whole,
    })
    const running = (async () => {
      await reader.run().catch((error: unknown) => outlet.fail(error))
      membership.leave()
    })()
    const subscription: Subscription = {
      [Symbol.asyncIterator]: () => outlet,
      hint: () => undefined,
      close: async () => {
        silence()
        reader.stop()
        outlet.end()
        bell.ring()
        await running
        this.#open.delete(subscription)
      },
    }
    this.#open.add(subscription)
    return subscription
  }

  async close(): Promise<void> {
    await Promise.all([...this.#open].map((subscription) => subscription.close()))
    await this.#signal.close()
  }
}

interface Parts {
  readonly tail: EventTail
  readonly options: Required<PostgresEventLogOptions>
  readonly membership: Membership
  readonly outlet: Outlet
  readonly bell: Bell
  readonly place: () => Promise<Positions>
  readonly topics: readonly Topic[]
  readonly whole: boolean
}

/** The loop of one subscription: settle who reads what, read the next batch, hand it on. */
class Reader {
  readonly #parts: Parts
  #place: Positions = {}
  #head: Head | undefined
  #looked = 0
  #w = 0
  #stopped = false

  constructor(parts: Parts) {
    this.#parts = parts
  }

  stop(): void {
    this.#stopped = true
  }

  async run(): Promise<void> {
    const { tail, outlet, bell, membership, options, topics, whole } = this.#parts
    let pause = POLL_MIN
    while (!this.#stopped && !outlet.ended) {
      await this.#settle()
      const { held } = membership
      if (!held.length || (whole && !isWhole(held, topics))) {
        await bell.wait(options.lookEvery)
        continue
      }
      this.#head = sameEpoch(this.#head, await tail.heads())
      const batch = await readBatch(tail, {
        place: this.#place,
        held,
        head: this.#head,
        limit: options.batchSize,
      })
      if (batch.events.length || batch.w >= this.#w + WATERMARK_STEP) {
        await outlet.put(batch)
        this.#place = batch.positions
        this.#w = batch.w
      }
      pause = batch.events.length ? POLL_MIN : Math.min(pause * 2, POLL_MAX)
      if (batch.events.length < options.batchSize) await bell.wait(pause)
    }
  }

  /** Gives up and takes over partitions; what is given up is first let go by the consumer. */
  async #settle(): Promise<void> {
    const { membership, outlet, options, place } = this.#parts
    const now = performance.now()
    if (this.#looked && now - this.#looked < options.lookEvery) return
    this.#looked = now
    const share = await membership.share()
    const mine = new Set(share.map(partitionKey))
    const has = new Set(membership.held.map(partitionKey))
    const surplus = membership.held.filter((partition) => !mine.has(partitionKey(partition)))
    if (surplus.length) {
      outlet.clear()
      await outlet.quiet()
      if (outlet.ended) return
      await membership.release(surplus)
    }
    const taken = await membership.take(share.filter((partition) => !has.has(partitionKey(partition))))
    if (!taken && !surplus.length) return
    outlet.clear()
    this.#place = furthest(await place(), outlet.taken ?? {})
    this.#w = 0
  }
}
