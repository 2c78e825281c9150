import type { Instant } from '@funnel/events'
import type { Entry } from '@funnel/ledger'
import type { Slice } from './slice.js'

/** Entries kept, at most: by far more than gather while a slice is sealed. */
const MOST_KEPT = 200_000

/** Entries that were saved lately: sealing need not read them back. Once they are too many, it has to. */
export class Recent {
  /** As they were recorded: all that were after `#from`. */
  #entries: Entry[] = []
  #from: Instant
  #w: Instant

  /** Everything recorded up to `w` was saved before. */
  constructor(w: Instant | null) {
    this.#from = this.#w = w ?? -Infinity
  }

  /** Takes the entries of the next batch, and up to when everything is saved now. */
  saved(entries: readonly Entry[], w: Instant): void {
    for (const entry of entries) this.#entries.push(entry)
    this.#w = Math.max(this.#w, w)
    if (this.#entries.length <= MOST_KEPT) return
    this.#from = this.#entries.at(-1)!.recorded
    this.#entries = []
  }

  /**
   * The first `size` entries that were recorded after an instant, and those of the same instant as the last; null while there
   * are fewer of which all are known, undefined where some are no longer here. Forgets those before.
   */
  next(after: Instant, size: number): Slice | null | undefined {
    if (after < this.#from) return undefined
    const sealed = this.#entries.findIndex(({ recorded }) => recorded > after)
    this.#entries = sealed < 0 ? [] : this.#entries.slice(sealed)
    this.#from = after
    const end = this.#entries[size - 1]?.recorded
    if (end === undefined || end > this.#w) return null
    let length = size
    while (this.#entries[length]?.recorded === end) length++
    return { entries: this.#entries.slice(0, length), end }
  }
}
