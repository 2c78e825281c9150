import { covers, topics, type Head, type Positions, type Topic } from '@funnel/events'
import { assertRecorded, type Ends, type Naming, type PublishedEnd } from '@funnel/event-log'

interface Place {
  /** The last position published. */
  readonly position: number
  /** The offset the next record of the partition gets. */
  readonly offset: number
}

/** What was published of one partition: `count` records from `offset` on, the last of them at position `reached`. */
export interface Reached {
  readonly topic: Topic
  readonly partition: number
  readonly offset: number
  readonly count: number
  readonly reached: number
}

/**
 * How far each partition of each topic is published. Where it comes from is the topics themselves: a topic that lost its
 * records is published again from position 1.
 */
export class Cursor {
  readonly #places: { readonly [topic in Topic]: Place[] }
  readonly #naming: Naming

  private constructor(places: { readonly [topic in Topic]: Place[] }, names: Naming) {
    this.#places = places
    this.#naming = names
  }

  /**
   * A partition that cannot hold all up to its position is published again from 1: it was made anew while another relay was
   * about to publish what came next. Throws LOG_AHEAD when the topics hold what this store has not recorded.
   */
  static from(ends: readonly PublishedEnd[], head: Head, names: Naming): Cursor {
    const places: { [topic in Topic]: Place[] } = {
      touchpoints: [],
      leads: [],
      deals: [],
      people: [],
      sla: [],
      definitions: [],
    }
    assertRecorded(ends, head, names)
    for (const { topic, partition, position, high } of ends) {
      const whole = high >= position // it ever had as many records as positions; those that expire count
      places[topic][partition] = { position: whole ? position : 0, offset: high }
    }
    return new Cursor(places, names)
  }

  get positions(): Positions {
    const positions: { [topic in Topic]?: number[] } = {}
    for (const topic of Object.keys(this.#places) as Topic[])
      positions[topic] = Array.from(
        { length: topics[topic].partitions },
        (_, partition) => this.#at(topic, partition).position,
      )
    return positions
  }

  /**
   * Takes in what was acknowledged. Partitions where it began at an earlier offset than they had already reached were
   * emptied or made anew: they start again from position 1, and are returned.
   */
  acknowledge(acknowledged: readonly Reached[]): string[] {
    const restarted: string[] = []
    for (const { topic, partition, offset, count, reached } of acknowledged) {
      const known = this.#at(topic, partition)
      const anew = offset < known.offset
      if (anew) restarted.push(`${this.#naming.nameOf(topic)}/${partition}`)
      this.#places[topic][partition] = { position: anew ? 0 : reached, offset: offset + count }
    }
    return restarted
  }

  /** Whether the ends of a topic's partitions are still what was published: neither shorter nor, unless allowed, emptied. */
  agrees(topic: Topic, ends: readonly Ends[], { mayExpire }: { mayExpire: boolean }): boolean {
    return this.#places[topic].every(({ position, offset }, partition) => {
      const end = ends[partition]
      return end !== undefined && end.high >= offset && (mayExpire || position === 0 || end.low < end.high)
    })
  }

  isAt(head: Head): boolean {
    return covers(this.positions, head.positions)
  }

  #at(topic: Topic, partition: number): Place {
    return this.#places[topic][partition] ?? { position: 0, offset: 0 }
  }
}
