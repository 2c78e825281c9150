import { setTimeout as sleep } from 'node:timers/promises'
import {
  advance,
  distance,
  FunnelError,
  positionOf,
  type Head,
  type Instant,
  type Positions,
  type Recorded,
  type Topic,
} from '@funnel/events'
import type { Bell } from '../delivery/bell.js'
import { ahead, assertDense, assertNotAhead } from '../delivery/guards.js'
import type { Outlet } from '../delivery/outlet.js'
import { furthest, isWhole, partitionKey, restrict, type Partition } from '../delivery/shares.js'
import { readBatch, sameEpoch } from '../delivery/store-reader.js'
import type { EventTail } from '../ports.js'
import { WATERMARK_STEP } from '../tail/head-reader.js'
import {
  reasonOf,
  type ConsumerEvents,
  type Ends,
  type IncomingRecord,
  type KafkaConsumer,
  type KafkaPartition,
} from './client.js'
import { Lane } from './lane.js'
import { cut } from './merge.js'
import type { Naming } from './naming.js'
import { Offsets } from './offsets.js'
import { decode } from './record.js'

export interface ReaderOptions {
  /** Events of a batch at most. */
  readonly batchSize: number
  /** Events of a partition that may wait for the others before its fetching is paused. */
  readonly laneCapacity: number
  /** How long Kafka may take to bring what the store's head has, before the store is asked, in ms. */
  readonly patience: number
  /** With more events than this to go, they are read from the store, which has them merged already. */
  readonly storeLag: number
  /** A consumer that gives no sign of life for this long while there is something to read has stopped, in ms. */
  readonly silence: number
}

export interface ReaderParts {
  readonly tail: EventTail
  readonly options: ReaderOptions
  readonly outlet: Outlet
  readonly bell: Bell
  readonly place: () => Promise<Positions>
  /** Topics of which nothing is read before all partitions are assigned; none: whatever is assigned is read. */
  readonly whole: readonly Topic[]
  readonly naming: Naming
  /** By partition number. */
  readonly endsOf: (topic: Topic) => Promise<readonly Ends[]>
  /** Told of each record that is left out. */
  readonly setAside: (what: SetAside) => void
}

/** What was left out, without its content. */
export interface SetAside {
  readonly topic: string
  readonly partition: number
  readonly offset: number
}

const POLL_MIN = 20
const POLL_MAX = 250
const COMMIT_EVERY = 1000

/** The loop of one subscription: takes what Kafka brings, fills in what it does not, merges, hands on. */
export class Reader implements ConsumerEvents {
  readonly #parts: ReaderParts
  readonly #offsets = new Offsets()
  #consumer: KafkaConsumer | undefined
  /** The newest assignment; `begun` is resolved once its lanes exist. */
  #assigned: { shares: readonly Partition[]; begun: PromiseWithResolvers<void> } | undefined
  #lanes = new Map<string, Lane>()
  #current: unknown
  #place: Positions = {}
  #w: Instant = 0
  #head: Head | undefined
  #tick = performance.now()
  #committed = 0
  #blockedSince: number | undefined
  #failure: { error: unknown } | undefined
  #stopped = false

  constructor(parts: ReaderParts) {
    this.#parts = parts
  }

  // ---- told by the consumer

  assigned(partitions: readonly KafkaPartition[]): void {
    const shares = partitions.flatMap(({ topic, partition }) => {
      const known = this.#parts.naming.topicOf(topic)
      return known ? [{ topic: known, partition }] : []
    })
    this.#assigned?.begun.resolve()
    this.#assigned = { shares, begun: Promise.withResolvers() }
    this.#parts.bell.ring()
  }

  async records(topic: string, partition: number, records: readonly IncomingRecord[]): Promise<void> {
    // not for long: kafkajs sends no heartbeats meanwhile; what is dropped here comes from the store
    await Promise.race([this.#assigned?.begun.promise, sleep(2000, undefined, { ref: false })])
    const known = this.#parts.naming.topicOf(topic)
    const lane = known && this.#lanes.get(partitionKey({ topic: known, partition }))
    if (!lane || this.#stopped) return
    const now = performance.now()
    for (const message of records) {
      const published = decode(known, partition, message)
      if (!published) {
        this.#parts.setAside({ topic, partition, offset: message.offset })
        continue
      }
      if (this.#head && published.epoch !== this.#head.epoch) {
        this.failed(
          ahead(`${topic}, partition ${partition}, offset ${message.offset}, was written for another store`, {
            topic,
            partition,
            offset: message.offset,
            epoch: published.epoch,
          }),
        )
        return
      }
      lane.arrive(published.record, now)
    }
    const last = records.at(-1)
    if (last) this.#offsets.mark(lane.share, lane.seen, last.offset)
    this.#throttle(lane)
    this.#parts.bell.ring()
  }

  tick(): void {
    this.#tick = performance.now()
  }

  failed(error: unknown): void {
    this.#failure ??= { error }
    this.#parts.bell.ring()
  }

  // ---- told by the subscription

  hint(positions: Positions): void {
    const now = performance.now()
    if (now - this.#committed < COMMIT_EVERY || !this.#consumer) return
    this.#committed = now
    const offsets = this.#offsets.done(positions)
    if (offsets.length)
      void this.#consumer.commit(offsets.map(({ share, offset }) => ({ ...this.#nameOf(share), offset })))
  }

  stop(): void {
    this.#stopped = true
    this.#assigned?.begun.resolve()
    this.#parts.bell.ring()
  }

  async run(consumer: KafkaConsumer): Promise<void> {
    this.#consumer = consumer
    const { tail, outlet, bell, options } = this.#parts
    let pause = POLL_MIN
    try {
      while (!this.#stopped && !outlet.ended) {
        this.#assertAlive()
        if (this.#assigned !== this.#current) await this.#begin()
        if (!this.#lanes.size) {
          await bell.wait(POLL_MAX)
          continue
        }
        const asked = performance.now()
        const head = sameEpoch(this.#head, await tail.heads())
        this.#head = head
        this.#assertStoreHas(head, asked)
        if (distance(this.#heldPlace(), restrict(head.positions, this.#shares())) > options.storeLag) {
          if (await this.#catchUp()) continue
        }
        const progressed = await this.#flow(head)
        pause = progressed ? POLL_MIN : Math.min(pause * 2, POLL_MAX)
        if (!progressed) await bell.wait(pause)
      }
    } finally {
      this.stop()
    }
  }

  // ---- the loop's parts

  /** Starts anew with the partitions just assigned. */
  async #begin(): Promise<void> {
    const { outlet, place, tail, whole } = this.#parts
    const assignment = this.#assigned
    if (!assignment) return
    outlet.clear()
    if (whole.length && !isWhole(assignment.shares, whole)) {
      // the others are with a member that is dead or about to leave: there will be another assignment
      this.#newLanes([])
      this.#current = assignment
      assignment.begun.resolve()
      return
    }
    // what the consumer took of this subscription it has applied or will fail on, so it is not given again
    this.#place = furthest(await place(), outlet.taken ?? {})
    this.#head = sameEpoch(this.#head, await tail.heads())
    assertNotAhead(this.#place, this.#head, assignment.shares)
    this.#offsets.clear()
    this.#w = 0
    this.#newLanes(assignment.shares)
    await this.#seek(assignment.shares)
    // kafkajs keeps a partition paused over assignments, and these lanes begin as not paused
    this.#consumer?.resume(assignment.shares.map((share) => this.#nameOf(share)))
    this.#current = assignment
    assignment.begun.resolve()
  }

  #newLanes(shares: readonly Partition[]): void {
    this.#lanes = new Map(
      shares.map((share) => [
        partitionKey(share),
        new Lane(share, positionOf(this.#place, share.topic, share.partition)),
      ]),
    )
    this.#blockedSince = undefined
  }

  /** Hands on what can be; fills what Kafka does not bring. True when something moved. */
  async #flow(head: Head): Promise<boolean> {
    const { options } = this.#parts
    const lanes = [...this.#lanes.values()]
    const { events, w, blocked } = cut(lanes, head)
    if (events.length || (!blocked.length && w >= this.#w + WATERMARK_STEP)) {
      for (const lane of lanes) this.#throttle(lane)
      await this.#handOn(events, w)
      if (events.length) this.#blockedSince = undefined
      if (!blocked.length) return events.length > 0
    }
    if (!blocked.length) {
      this.#blockedSince = undefined
      return false
    }
    const now = performance.now()
    this.#blockedSince ??= now
    const holes = blocked.filter((lane) => lane.holeEnd !== undefined)
    if (holes.length) return this.#fill(holes, head)
    // only while the consumer lives: a member that lost touch must not go on for partitions others have by now
    const alive = now - this.#tick < options.patience + 2000
    if (alive && now - this.#blockedSince >= options.patience) return this.#fill(blocked, head)
    return events.length > 0
  }

  /** Batches of what was cut; `w` is known once the last of them is done. */
  async #handOn(events: readonly Recorded[], w: Instant): Promise<void> {
    const { outlet, options } = this.#parts
    const assignment = this.#assigned
    let from = 0
    do {
      const some = events.slice(from, from + options.batchSize)
      from += options.batchSize
      const next = events[from]
      this.#place = advance(this.#place, some)
      this.#w = Math.max(this.#w, next ? next.recorded - 1 : w)
      await outlet.put({ events: some, w: this.#w, positions: this.#place })
    } while (from < events.length && this.#assigned === assignment && !outlet.ended && !this.#failure)
  }

  /** Reads from the store what these lanes lack: up to the end of a hole, else up to the head. */
  async #fill(lanes: readonly Lane[], head: Head): Promise<boolean> {
    const held = lanes.map(({ share }) => share)
    const after = positionsOf(lanes, (lane) => lane.wanted - 1)
    const upTo = positionsOf(lanes, (lane) =>
      Math.min(lane.holeEnd ?? Infinity, positionOf(head.positions, lane.share.topic, lane.share.partition)),
    )
    const limit = this.#parts.options.batchSize
    const assignment = this.#assigned
    const page = await this.#parts.tail.read(after, upTo, limit)
    assertDense(page, { after, upTo, held, full: page.length >= limit })
    if (assignment !== this.#assigned) return true
    const byLane = Map.groupBy(page, partitionKey)
    for (const lane of lanes) {
      const start = lane.wanted
      // some may have come from Kafka meanwhile
      lane.fill((byLane.get(partitionKey(lane.share)) ?? []).filter(({ position }) => position >= start))
    }
    return page.length > 0
  }

  /** Far behind: reads the store, which has everything merged, and lets Kafka wait. False when there was nothing to read yet. */
  async #catchUp(): Promise<boolean> {
    const { tail, outlet, options } = this.#parts
    const assignment = this.#assigned
    const shares = this.#shares()
    const names = shares.map((share) => this.#nameOf(share))
    this.#consumer?.pause(names)
    let progressed = false
    for (;;) {
      this.#assertAlive()
      if (this.#stopped || outlet.ended || assignment !== this.#assigned) return true
      this.#head = sameEpoch(this.#head, await tail.heads())
      const batch = await readBatch(tail, {
        place: this.#place,
        held: shares,
        head: this.#head,
        limit: options.batchSize,
      })
      if (batch.events.length < options.batchSize) break
      this.#place = batch.positions
      this.#w = Math.max(this.#w, batch.w)
      await outlet.put({ ...batch, w: this.#w })
      progressed = true
    }
    this.#newLanes(shares)
    await this.#seek(shares)
    this.#consumer?.resume(names)
    return progressed
  }

  /**
   * Lets Kafka go on near the place. A topic repeats records but skips none, so what follows position p lies at offset p
   * or later; wherever that is wrong, positions show it and the store fills in.
   */
  async #seek(shares: readonly Partition[]): Promise<void> {
    for (const [topic, some] of Map.groupBy(shares, ({ topic }) => topic)) {
      const ends = await this.#parts.endsOf(topic)
      for (const share of some) {
        const end = ends[share.partition]
        if (!end) continue
        const offset = Math.min(positionOf(this.#place, share.topic, share.partition), end.high)
        this.#consumer?.seek(this.#nameOf(share), Math.max(offset, end.low))
      }
    }
  }

  /** Pauses fetching for a lane that is ahead of the others, and resumes it later: bounded memory. */
  #throttle(lane: Lane): void {
    const full = lane.size >= this.#parts.options.laneCapacity
    const roomy = lane.size <= this.#parts.options.laneCapacity / 2
    if (lane.paused ? !roomy : !full) return
    lane.paused = !lane.paused
    const name = [this.#nameOf(lane.share)]
    if (lane.paused) this.#consumer?.pause(name)
    else this.#consumer?.resume(name)
  }

  // ---- what must hold

  #assertAlive(): void {
    if (this.#failure) {
      const { error } = this.#failure
      throw error instanceof FunnelError
        ? error
        : new FunnelError(
            'UNAVAILABLE',
            `The Kafka consumer has ended (${reasonOf(error)}); open the log again`,
            {},
            error,
          )
    }
    const { silence } = this.#parts.options
    if (performance.now() - this.#tick > silence && this.#lag() > 0)
      throw new FunnelError(
        'UNAVAILABLE',
        `The Kafka consumer has given no sign of life for ${silence / 1000} s with events to read; open the log again`,
        { lag: this.#lag() },
      )
  }

  /** What Kafka showed before the head was asked for must be in the store. */
  #assertStoreHas(head: Head, asked: number): void {
    for (const { share, seen, seenAt } of this.#lanes.values()) {
      const end = positionOf(head.positions, share.topic, share.partition)
      if (seen > end && seenAt < asked)
        throw ahead(
          `${this.#nameOf(share).topic}, partition ${share.partition}, has position ${seen}, the store ${end}`,
          { topic: share.topic, partition: share.partition, position: seen, end },
        )
    }
  }

  #nameOf({ topic, partition }: Partition): KafkaPartition {
    return { topic: this.#parts.naming.nameOf(topic), partition }
  }

  #shares(): Partition[] {
    return [...this.#lanes.values()].map(({ share }) => share)
  }

  #heldPlace(): Positions {
    return restrict(this.#place, this.#shares())
  }

  #lag(): number {
    return this.#head ? distance(this.#heldPlace(), restrict(this.#head.positions, this.#shares())) : 0
  }
}

function positionsOf(lanes: readonly Lane[], position: (lane: Lane) => number): Positions {
  return advance(
    {},
    lanes.map((lane) => ({ ...lane.share, position: position(lane) })),
  )
}
