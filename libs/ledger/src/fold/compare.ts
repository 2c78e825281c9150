import type { Dims, Line } from '../line.js'

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
  return [
    ...before.slice(head, before.length - tail).map((line) => ({ ...line, amount: -line.amount })),
    ...after.slice(head, after.length - tail),
  ]
}

/** Whether two sets of dimension values are equal. */
export function sameDims(a: Dims, b: Dims): boolean {
  if (a === b) return true
  const keys = Object.keys(a)
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key])
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
