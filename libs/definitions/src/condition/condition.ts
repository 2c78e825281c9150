import type { Path } from '../placed.js'

export type Scalar = string | number | boolean
/** What is known of a field: undefined and null are no value, an empty text is one. */
export type Value = Scalar | null | undefined
/** Looks up a field of what a condition is about. */
export type ValueOf = (field: string) => Value

/** What is asked of one field; of several tests all must pass. Texts are compared letter by letter. */
export interface FieldTest {
  readonly field: string
  readonly is?: Scalar
  readonly in?: readonly Scalar[]
  /** Begins with one of these. */
  readonly starts_with?: readonly string[]
  /** Is one of these domains, or lies under one. */
  readonly domain?: readonly string[]
  readonly at_least?: number
  readonly at_most?: number
  /** Whether there is a value. */
  readonly known?: boolean
}

/** A condition over fields, as data: what qualification, territories, routing and channels are decided by. */
export type Condition =
  | { readonly all: readonly Condition[] }
  | { readonly any: readonly Condition[] }
  | { readonly not: Condition }
  | FieldTest

/**
 * Whether the condition holds. Pure and total. A test of a field that has no value, or one of another type, does not pass
 * (but for `known: false`); so `not` of it holds.
 */
export function holds(condition: Condition, valueOf: ValueOf): boolean {
  if ('all' in condition) return condition.all.every((one) => holds(one, valueOf))
  if ('any' in condition) return condition.any.some((one) => holds(one, valueOf))
  if ('not' in condition) return !holds(condition.not, valueOf)
  const value = valueOf(condition.field) ?? undefined
  const { is, in: among, starts_with: starts, domain: domains, at_least: least, at_most: most, known } = condition
  return (
    (is === undefined || value === is) &&
    (among === undefined || (value !== undefined && among.includes(value))) &&
    (starts === undefined || (typeof value === 'string' && starts.some((start) => value.startsWith(start)))) &&
    (domains === undefined || (typeof value === 'string' && domains.some((domain) => liesUnder(value, domain)))) &&
    (least === undefined || (typeof value === 'number' && value >= least)) &&
    (most === undefined || (typeof value === 'number' && value <= most)) &&
    (known === undefined || (value !== undefined) === known)
  )
}

/** Whether a host is the domain or one of its subdomains; both in lower case. */
export const liesUnder = (host: string, domain: string): boolean => host === domain || host.endsWith(`.${domain}`)

/** The tests of a condition, each with its path inside it. */
export function testsOf(condition: Condition, path: Path = []): { readonly test: FieldTest; readonly path: Path }[] {
  const each = (conditions: readonly Condition[], name: string) =>
    conditions.flatMap((one, i) => testsOf(one, [...path, name, i]))
  if ('all' in condition) return each(condition.all, 'all')
  if ('any' in condition) return each(condition.any, 'any')
  if ('not' in condition) return testsOf(condition.not, [...path, 'not'])
  return [{ test: condition, path }]
}
