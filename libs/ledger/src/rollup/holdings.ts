import { textOf, type Line } from '../line.js'
import { isStock } from '../query/rolls.js'
import { DAY } from './cells.js'
import { minus, plus, type Exact } from './exact.js'

/** An entry of money. */
type Money = Pick<Line, 'measure' | 'stage' | 'currency' | 'dims' | 'occurred' | 'amount'> & {
  readonly subject: { readonly id: string }
}

/** By how much the money of one day changed, and how many subjects hold a part of it. */
interface Change extends Pick<Line, 'measure' | 'stage' | 'dims'> {
  readonly currency: string
  readonly day: number
  readonly amount: Exact
  readonly size: Exact
}

/** What one subject holds under one key. */
interface Holding {
  readonly of: Money
  /** By day: of what was recorded before the slice, and of all. */
  readonly days: Map<number, { before: Exact; now: Exact }>
}

/**
 * By how much a slice changes money, and how many subjects hold a part of it, which amounts do not tell. Of a flow those count
 * that hold a part of the day, of a stock those that hold one at its end, less those that did the day before. As the SQL
 * `heldSince`.
 */
export class Holdings {
  /** By subject, then by all else that tells money apart. */
  readonly #holdings = new Map<string, Map<string, Holding>>()

  /** Of whom `earlier` must be told what was recorded before the slice. */
  get subjects(): string[] {
    return [...this.#holdings.keys()]
  }

  /** Adds an entry of the slice. */
  add(entry: Money): void {
    let own = this.#holdings.get(entry.subject.id)
    if (!own) this.#holdings.set(entry.subject.id, (own = new Map()))
    const key = keyOf(entry)
    let holding = own.get(key)
    if (!holding) own.set(key, (holding = { of: entry, days: new Map() }))
    addTo(holding, entry, 0)
  }

  /** Tells an entry that was recorded before the slice, once those of the slice are added. */
  earlier(entry: Money): void {
    const holding = this.#holdings.get(entry.subject.id)?.get(keyOf(entry))
    if (holding) addTo(holding, entry, entry.amount)
  }

  *changes(): Generator<Change> {
    for (const { of, days } of this.#holdings.values().flatMap((own) => own.values())) {
      const { measure, stage, dims } = of
      const currency = of.currency!
      let [was, level]: [Exact, Exact] = [0, 0]
      for (const [day, { before, now }] of [...days].sort(([a], [b]) => a - b)) {
        const [wasBefore, levelBefore] = [was, level]
        was = plus(was, before)
        level = plus(level, now)
        const size = isStock(measure)
          ? holds(level) - holds(levelBefore) - (holds(was) - holds(wasBefore))
          : holds(now) - holds(before)
        yield { measure, stage, currency, dims, day, amount: minus(now, before), size }
      }
    }
  }
}

const holds = (sum: Exact) => Number(sum !== 0)

const keyOf = ({ measure, stage, currency, dims }: Money): string =>
  JSON.stringify([measure, stage, currency, textOf(dims)])

function addTo({ days }: Holding, { occurred, amount }: Money, before: number): void {
  const day = Math.floor(occurred / DAY)
  const sums = days.get(day)
  if (!sums) {
    days.set(day, { before, now: amount })
    return
  }
  sums.before = plus(sums.before, before)
  sums.now = plus(sums.now, amount)
}
