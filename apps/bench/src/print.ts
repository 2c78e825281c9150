import type { Figure, Spread } from './harness.js'

const number = (value: number) => (value >= 100 ? Math.round(value).toLocaleString('en') : value.toFixed(2))

const line = (who: string, { median, min, max }: Spread, unit: string, end = '') =>
  `    ${who.padEnd(50)} ${number(median).padStart(10)} ${unit}  (${number(min)} – ${number(max)})${end}\n`

/** A figure for people. */
export function print({ goal, what, unit, rates, ratios, targets, notes }: Figure): string {
  const goals = (who: string) => {
    const target = targets[who]
    if (target === undefined) return ''
    return `  goal ≥ ${target}: ${ratios[who]!.median >= target ? 'reached' : 'not reached'}`
  }
  return [
    `\n${goal}  ${what}\n`,
    ...Object.entries(rates).map(([who, spread]) => line(who, spread, unit)),
    ...Object.entries(ratios).map(([who, spread]) => line(`÷ ${who}`, spread, '×', goals(who))),
    ...notes.map((note) => `    ${note}\n`),
  ].join('')
}
