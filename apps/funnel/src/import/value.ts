import { FunnelError } from '@funnel/events'
import type { Condition, Match, TimeRule, Value } from './mapping.schema.js'
import { assertCurrency, parseMoney, parseNumber } from './money.js'
import { compileTemplate, type Row, type Template } from './template.js'
import { isZone, parseTime } from './time.js'

/** A value of event data made from a row; undefined where it is missing and so left out. Throws INVALID. */
export interface Compiled<T> {
  readonly of: (row: Row) => T | undefined
  readonly columns: readonly string[]
}
export type Datum = string | number | boolean | { readonly minor: number; readonly currency: string }

const constant = <T>(value: T): Compiled<T> => ({ of: () => value, columns: [] })
const from = <T>({ text, columns }: Template, make: (text: string) => T | undefined): Compiled<T> => ({
  columns,
  of: (row) => {
    const value = text(row)
    return value === undefined ? undefined : make(value)
  },
})

/** Compiles a value. Throws INVALID on a template, currency or combination that cannot be right for any row. */
export function compileValue(value: Value): Compiled<Datum> {
  if (typeof value === 'string') return from<Datum>(compileTemplate(value), (text) => text)
  if (typeof value !== 'object') return constant<Datum>(value)
  const kinds = [value.value, value.number, value.money].filter((source) => source !== undefined)
  const [source] = kinds
  if (source === undefined || kinds.length > 1)
    throw new FunnelError('INVALID', 'one of "value", "number" and "money" must be given')
  const template = compileTemplate(source)
  const { map, otherwise = 'error', currency, decimal } = value
  if (decimal && value.value !== undefined)
    throw new FunnelError('INVALID', '"decimal" belongs to "number" and "money"')
  if (value.number !== undefined) return from<Datum>(template, (text) => parseNumber(text, decimal))
  if (currency !== undefined) {
    const code = compileTemplate(currency)
    if (!code.columns.length) assertCurrency(currency)
    return {
      columns: [...template.columns, ...code.columns],
      of: (row) => {
        const amount = template.text(row)
        const money = code.text(row)
        if (amount === undefined) return undefined
        if (money === undefined) throw new FunnelError('INVALID', 'there is an amount without a currency')
        return parseMoney(amount, money, decimal)
      },
    }
  }
  if (!map) return from<Datum>(template, (text) => text)
  return from<Datum>(template, (text) => {
    if (Object.hasOwn(map, text)) return map[text] ?? undefined
    if (otherwise === 'error') throw new FunnelError('INVALID', `"${text.slice(0, 40)}" is not in the map`)
    return otherwise === 'keep' ? text : undefined
  })
}

/** Compiles a time, read in its own zone or the mapping's. */
export function compileTime(rule: TimeRule, defaultZone: string): Compiled<string> {
  const { value, format, zone = defaultZone } = typeof rule === 'string' ? { value: rule } : rule
  if (!isZone(zone)) throw new FunnelError('INVALID', `"${zone}" is no time zone, such as UTC or America/Sao_Paulo`)
  return from(compileTemplate(value), (text) => {
    if (text.trim() === '')
      throw new FunnelError('INVALID', 'the time is empty; give the event a condition, or skip such rows')
    return parseTime(text, zone, format)
  })
}

/** Compiles a condition: true where every column named is what it must be. */
export function compileCondition(condition: Condition | undefined): Compiled<true> {
  const tests = Object.entries(condition ?? {}).map(([column, match]) => {
    const negative = typeof match === 'object' && match !== null && 'not' in match
    const allowed: readonly Match[] = [negative ? match.not : match].flat()
    return { column, passes: (row: Row) => allowed.includes(row[column] ?? null) !== negative }
  })
  return {
    columns: tests.map(({ column }) => column),
    of: (row) => tests.every(({ passes }) => passes(row)) || undefined,
  }
}
