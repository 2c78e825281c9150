import { lineOf, type Dims, type Line } from '../line.js'
import type { About, Passed } from './dims.js'

/**
 * The difference of two lists of lines, cheaply: what both begin and end with is left out, the rest stands as it is,
 * `before` with the opposite sign. Lines that cancel out may be left; `difference` takes them away.
 */
export function changes(before: readonly Line[], after: readonly Line[]): Line[] {
  const most = Math.min(before.length, after.length)
  let head = 0
  while (head < most && sameLine(before[head]!, after[head]!)) head++
  let tail = 0
  while (tail < most - head && sameLine(before.at(-1 - tail)!, after.at(-1 - tail)!)) tail++
  return [...before.slice(head, before.length - tail).map(negative), ...after.slice(head, after.length - tail)]
}

const negative = (line: Line): Line => lineOf(line.measure, -line.amount, line)

/** Whether two sets of dimension values are equal. */
export function sameDims(a: Dims, b: Dims): boolean {
  if (a === b) return true
  const keys = Object.keys(a)
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key])
}

/** Whether a lead passes on the same. */
export const samePassed = (a: Passed, b: Passed): boolean =>
  a.about.owner === b.about.owner &&
  a.about.account === b.about.account &&
  a.touch.channel === b.touch.channel &&
  a.touch.campaign === b.touch.campaign &&
  sameProperties(a.about.properties, b.about.properties)

const sameProperties = (a: About['properties'] = {}, b: About['properties'] = {}): boolean => {
  const keys = Object.keys(a)
  return keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && a[key] === b[key])
}

const sameLine = (a: Line, b: Line): boolean =>
  a.measure === b.measure &&
  a.amount === b.amount &&
  a.occurred === b.occurred &&
  a.stage === b.stage &&
  a.currency === b.currency &&
  a.cohort === b.cohort &&
  a.elapsed === b.elapsed &&
  a.subject.id === b.subject.id &&
  a.subject.kind === b.subject.kind &&
  sameDims(a.dims, b.dims)
