import type { Goal } from './goals.js'
import type { Figure, Spread } from './harness.js'

/** A figure with the goal that it is of. */
export interface Result extends Figure, Required<Pick<Goal, 'targets' | 'atMost'>> {
  readonly goal: string
  /** How many events the log held before the first round. */
  readonly history: number
  /** Our median rate as a ratio to the one over the shortest history of the run, where this is not that one. */
  readonly growth?: { readonly history: number; readonly ratio: number }
}

const number = (value: number) => (value >= 100 ? Math.round(value).toLocaleString('en') : value.toFixed(2))

const line = (who: string, { median, min, max }: Spread, unit: string, end = '') =>
  `    ${who.padEnd(50)} ${number(median).padStart(10)} ${unit}  (${number(min)} – ${number(max)})${end}\n`

const verdict = (reached: boolean) => (reached ? 'reached' : 'not reached')

/** A figure for people. */
export function print(result: Result): string {
  const { goal, what, unit, history, rates, cpu, ratios, latencies, targets, atMost, growth, notes } = result
  const used = (who: string) => (cpu[who] ? `  ${number(cpu[who].median)} µs CPU each` : '')
  const least = (who: string, { median }: Spread) =>
    targets[who] === undefined ? '' : `  goal ≥ ${targets[who]}: ${verdict(median >= targets[who])}`
  const most = (wait: string, { median }: Spread) =>
    atMost[wait] === undefined ? '' : `  goal ≤ ${atMost[wait]}: ${verdict(median <= atMost[wait])}`
  return [
    `\n${goal}  ${what}; history: ${history.toLocaleString('en')} events\n`,
    ...Object.entries(rates).map(([who, spread]) => line(who, spread, unit, used(who))),
    ...Object.entries(ratios).map(([who, spread]) => line(`÷ ${who}`, spread, '×', least(who, spread))),
    ...Object.entries(latencies).map(([wait, spread]) => line(wait, spread, 'ms', most(wait, spread))),
    ...(growth
      ? [
          `    ${`÷ ours over ${growth.history.toLocaleString('en')} events`.padEnd(50)} ${number(growth.ratio).padStart(10)} ×\n`,
        ]
      : []),
    ...notes.map((note) => `    ${note}\n`),
  ].join('')
}
