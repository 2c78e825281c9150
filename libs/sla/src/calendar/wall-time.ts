import type { BusinessTime } from './calendar.js'
import { budgetOf, instantOf } from './numbers.js'

/** All time counts, by the clock on the wall: targets that know no weekend. */
export const wallTime: BusinessTime = {
  add: (from, budget) => instantOf(instantOf(from) + budgetOf(budget)),
  between: (from, to) => instantOf(to) - instantOf(from),
}
