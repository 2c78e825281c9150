import { holds, type Condition, type FieldTest, type Scalar, type ValueOf } from './condition.js'

/** A condition as people read it: `properties.segment is small or enterprise, and not (properties.role is student)`. */
export function inWords(condition: Condition): string {
  if ('all' in condition) return joined(condition.all, ', and ')
  if ('any' in condition) return joined(condition.any, ', or ')
  if ('not' in condition) return `not (${inWords(condition.not)})`
  return testInWords(condition)
}

/**
 * What keeps a condition from holding, in words, each part with the values that its fields have; empty where it holds.
 * Of `all` the parts that do not hold, each by itself.
 */
export function unmetParts(condition: Condition, valueOf: ValueOf): readonly string[] {
  if (holds(condition, valueOf)) return []
  if ('all' in condition) return condition.all.flatMap((one) => unmetParts(one, valueOf))
  const fields = [...new Set(fieldsOf(condition))]
  const known = fields.map((field) => `${field} is ${shown(valueOf(field))}`)
  return [`${inWords(condition)}; but ${known.join(', ')}`]
}

const joined = (conditions: readonly Condition[], word: string) =>
  conditions.map((one) => ('all' in one || 'any' in one ? `(${inWords(one)})` : inWords(one))).join(word)

const fieldsOf = (condition: Condition): readonly string[] => {
  if ('all' in condition) return condition.all.flatMap(fieldsOf)
  if ('any' in condition) return condition.any.flatMap(fieldsOf)
  return 'not' in condition ? fieldsOf(condition.not) : [condition.field]
}

function testInWords(test: FieldTest): string {
  const { field, is, in: among, starts_with: starts, domain, at_least: least, at_most: most, known } = test
  const either = (values: readonly Scalar[]) => values.join(' or ')
  const tests = [
    ...(is === undefined ? [] : [`is ${is}`]),
    ...(among === undefined ? [] : [`is ${either(among)}`]),
    ...(starts === undefined ? [] : [`starts with ${either(starts)}`]),
    ...(domain === undefined ? [] : [`lies under ${either(domain)}`]),
    ...(least === undefined ? [] : [`is at least ${least}`]),
    ...(most === undefined ? [] : [`is at most ${most}`]),
    ...(known === undefined ? [] : [known ? 'is known' : 'is unknown']),
  ]
  return `${field} ${tests.join(' and ')}`
}

const shown = (value: ReturnType<ValueOf>) =>
  value === undefined || value === null ? 'unknown' : value === '' ? 'empty' : String(value)
