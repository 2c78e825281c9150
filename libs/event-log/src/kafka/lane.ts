import { totalOrder, type Instant, type Recorded } from '@funnel/events'
import type { Partition } from '../delivery/shares.js'

/**
 * What has arrived of one partition and is not handed on yet. Records come in order from Kafka, perhaps repeated, perhaps
 * with some missing; missing ones are filled in from the store. Handed on is only what is dense from the place on.
 */
export class Lane {
  readonly share: Partition
  /** From the store, dense from the place on; before all of `#arrived`. */
  #filled: Recorded[] = []
  /** From Kafka, ascending, perhaps with holes. */
  #arrived: Recorded[] = []
  #next: number
  #wanted: number
  #last: number
  /** Whether fetching is paused because too much waits here. */
  paused = false
  /** The highest position Kafka has shown, and when (performance.now()). */
  seen = 0
  seenAt = 0

  constructor(share: Partition, place: number) {
    this.share = share
    this.#next = place + 1
    this.#wanted = place + 1
    this.#last = place
  }

  get size(): number {
    return this.#filled.length + this.#arrived.length
  }

  /** The next position that is neither handed on nor here. */
  get wanted(): number {
    return this.#wanted
  }

  /** The last position of a hole that Kafka has left: the store must fill from `wanted` up to it. */
  get holeEnd(): number | undefined {
    const beyond = this.#arrived[this.#denseArrived]
    return beyond && beyond.position - 1
  }

  /** Takes in a record from Kafka; a known one is dropped. */
  arrive(record: Recorded, now: number): void {
    if (record.position > this.seen) {
      this.seen = record.position
      this.seenAt = now
    }
    if (record.position <= this.#last) return
    this.#arrived.push(record)
    this.#last = record.position
    if (record.position === this.#wanted) this.#wanted++
  }

  /** Takes in records of the store that continue at `wanted`. */
  fill(records: readonly Recorded[]): void {
    // what had arrived before the hole is dense, so it goes in front of what fills it
    for (const record of this.#arrived.splice(0, this.#denseArrived)) this.#filled.push(record)
    for (const record of records) this.#filled.push(record)
    this.#wanted += records.length
    this.#last = Math.max(this.#last, this.#wanted - 1)
    const known = this.#arrived.findIndex(({ position }) => position >= this.#wanted)
    this.#arrived.splice(0, known < 0 ? this.#arrived.length : known)
    while (this.#arrived[this.#denseArrived]?.position === this.#wanted) this.#wanted++
  }

  /** The last dense record, if any is here. */
  get tip(): Recorded | undefined {
    return this.#denseArrived ? this.#arrived[this.#denseArrived - 1] : this.#filled.at(-1)
  }

  /** Removes and returns the dense records up to this position, this instant and, where given, this record. */
  take(upTo: { position: number; w: Instant; bound: Recorded | undefined }): Recorded[] {
    const end = Math.min(upTo.position, this.#wanted - 1)
    const goes = (record: Recorded) =>
      record.position <= end && record.recorded <= upTo.w && !(upTo.bound && totalOrder(record, upTo.bound) > 0)
    const taken = takeWhile(this.#filled, goes)
    if (!this.#filled.length) taken.push(...takeWhile(this.#arrived, goes))
    this.#next += taken.length
    return taken
  }

  /** How many of the arrived records are dense. */
  get #denseArrived(): number {
    return this.#wanted - this.#next - this.#filled.length
  }
}

function takeWhile(queue: Recorded[], goes: (record: Recorded) => boolean): Recorded[] {
  const stop = queue.findIndex((record) => !goes(record))
  return queue.splice(0, stop < 0 ? queue.length : stop)
}
