import { positionOf, type Positions } from '@funnel/events'
import { partitionKey, type Partition } from '../delivery/shares.js'

const KEPT = 256

/** Remembers which offset goes with which position, to tell the broker how far a group is. A hint, so it may forget. */
export class Offsets {
  readonly #marks = new Map<string, { share: Partition; marks: { position: number; offset: number }[] }>()

  /** Position and offset of the last record of a fetch. */
  mark(share: Partition, position: number, offset: number): void {
    const key = partitionKey(share)
    const entry = this.#marks.get(key) ?? { share, marks: [] }
    this.#marks.set(key, entry)
    entry.marks.push({ position, offset })
    if (entry.marks.length > KEPT) entry.marks.shift()
  }

  /** What can be committed when these positions are done; each is named once. */
  done(positions: Positions): { share: Partition; offset: number }[] {
    const commits: { share: Partition; offset: number }[] = []
    for (const { share, marks } of this.#marks.values()) {
      const at = positionOf(positions, share.topic, share.partition)
      const index = marks.findLastIndex(({ position }) => position <= at)
      const mark = marks[index]
      if (!mark) continue
      marks.splice(0, index + 1)
      commits.push({ share, offset: mark.offset + 1 })
    }
    return commits
  }

  clear(): void {
    this.#marks.clear()
  }
}
