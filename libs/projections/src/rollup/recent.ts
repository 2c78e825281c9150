import type { Instant } from '@funnel/events'
import { RollUp, type Entry } from '@funnel/ledger'

/** Entries kept, at most, while it is not known where the next slice begins. */
const MOST_KEPT = 50_000
/** Slices kept, at most: by far more than gather while one is sealed. */
const MOST_SLICES = 10

/** A slice added up, and when the last of its entries were recorded. */
export interface Slice {
  readonly rollUp: RollUp
  readonly end: Instant
}

/**
 * What was saved lately, added up as it comes, slice by slice: sealing need not read it back, and no entry is kept for it.
 * Once it is too much, sealing has to read it.
 */
export class Recent {
  readonly #dimensions: readonly string[]
  readonly #size: number
  /** All that was recorded after this is here, or will be told of yet. */
  #from: Instant
  #w: Instant
  /** All of it, while it is not known where the next slice begins. */
  #kept: Entry[] | undefined = []
  #slices: Slice[] = []
  /** Of the slice that grows: its sum, its entries, and when the last of them was recorded. */
  #rollUp: RollUp
  #added = 0
  #end: Instant

  /**
   * Slices of `size` entries, for rolls by these dimensions. Everything recorded up to `w` was saved before, and of the
   * millisecond after it some may have been.
   */
  constructor(dimensions: readonly string[], size: number, w: Instant | null) {
    this.#dimensions = dimensions
    this.#size = size
    this.#w = this.#end = w ?? -Infinity
    this.#from = this.#w + 1
    this.#rollUp = new RollUp(dimensions)
  }

  /** Takes the entries of the next batch, and up to when everything is saved now. */
  saved(entries: readonly Entry[], w: Instant): void {
    for (const entry of entries) {
      if (entry.recorded <= this.#from) continue // it may have been sealed from the table before this was told
      if (this.#kept) this.#kept.push(entry)
      else this.#add(entry)
    }
    this.#w = Math.max(this.#w, w)
    if (this.#slices.length > MOST_SLICES) this.#forgetTo(this.#end)
    if (this.#kept && this.#kept.length > MOST_KEPT) this.#forgetTo(this.#kept.at(-1)!.recorded)
  }

  /**
   * The sum of the first `size` entries that were recorded after an instant, and of those of the same instant as the last; it
   * is given once. Null while there are fewer of which all are known, undefined where some are no longer here. Forgets those
   * before.
   */
  next(after: Instant): Slice | null | undefined {
    if (after > this.#from && !this.#kept) this.#forgetTo(Math.max(after, this.#end)) // somebody else has sealed
    if (after < this.#from) return undefined
    if (this.#kept) this.#beginAfter(after, this.#kept)
    if (this.#added >= this.#size && this.#end <= this.#w) this.#cut()
    const [slice] = this.#slices
    if (!slice || slice.end > this.#w) return null
    this.#slices.shift()
    this.#from = slice.end
    return slice
  }

  #beginAfter(after: Instant, kept: readonly Entry[]): void {
    this.#from = after
    this.#kept = undefined
    for (const entry of kept) if (entry.recorded > after) this.#add(entry)
  }

  #add(entry: Entry): void {
    if (this.#added >= this.#size && entry.recorded > this.#end) this.#cut()
    this.#rollUp.add(entry)
    this.#added++
    this.#end = entry.recorded
  }

  /** The slice that grows is complete; another one begins. */
  #cut(): void {
    this.#slices.push({ rollUp: this.#rollUp, end: this.#end })
    this.#rollUp = new RollUp(this.#dimensions)
    this.#added = 0
  }

  #forgetTo(from: Instant): void {
    this.#from = this.#end = from
    this.#kept = []
    this.#slices = []
    this.#rollUp = new RollUp(this.#dimensions)
    this.#added = 0
  }
}
