import { NoValueReason, Unit, type KpiCell, type Money, type Quantity } from '@funnel/query-api'

/** Where there is no number, there is this. */
export const NONE = '—'

const grouped = (digits: string): string => digits.replace(/\B(?=(\d{3})+$)/g, ',')

/** A whole number with its thousands apart. */
export const formatCount = (value: number): string => `${value < 0 ? '-' : ''}${grouped(String(Math.abs(value)))}`

/** Money exactly, with as many decimals as its currency has: 1,054.00 USD, 1,054 JPY. */
export function formatMoney({ minor, currency, exponent }: Money): string {
  const digits = String(Math.abs(minor)).padStart(exponent + 1, '0')
  const point = digits.length - exponent
  const fraction = exponent ? `.${digits.slice(point)}` : ''
  return `${minor < 0 ? '-' : ''}${grouped(digits.slice(0, point))}${fraction} ${currency}`
}

/** A share as a percentage with three decimals, so that rows line up: 10.525 %. */
export const formatRatio = (value: number): string => `${(value * 100).toFixed(3)} %`

/** Seconds as days, the unit of sales: 14.65 d. Less than one as hours: 2.25 h. */
export const formatSeconds = (seconds: number): string =>
  seconds === 0 || Math.abs(seconds) >= 86_400
    ? `${(seconds / 86_400).toFixed(2)} d`
    : `${(seconds / 3600).toFixed(2)} h`

/** The value of a cell; without one a dash. */
export function formatValue(value: KpiCell['value']): string {
  switch (value?.$case) {
    case 'count':
      return formatCount(value.value)
    case 'ratio':
      return formatRatio(value.value)
    case 'money':
      return formatMoney(value.value)
    case 'seconds':
      return formatSeconds(value.value)
    case 'noValue':
    case undefined:
      break
  }
  return NONE
}

const reasons: Readonly<Record<NoValueReason, string>> = {
  [NoValueReason.NO_VALUE_REASON_UNSPECIFIED]: 'no value',
  [NoValueReason.NO_VALUE_REASON_DENOMINATOR_ZERO]: 'nothing to divide by',
  [NoValueReason.NO_VALUE_REASON_NO_DATA]: 'no data',
  [NoValueReason.NO_VALUE_REASON_SEVERAL_CURRENCIES]: 'several currencies',
  [NoValueReason.NO_VALUE_REASON_IMMATURE]: 'window still open',
  [NoValueReason.NO_VALUE_REASON_INEXACT]: 'beyond what numbers hold',
  [NoValueReason.UNRECOGNIZED]: 'no value',
}

/** Why a cell has no value; undefined when it has one. */
export const whyNone = (value: KpiCell['value']): string | undefined =>
  value?.$case === 'noValue'
    ? value.value.message || reasons[value.value.reason]
    : value === undefined
      ? reasons[NoValueReason.NO_VALUE_REASON_UNSPECIFIED]
      : undefined

/** A sum of entries; several currencies one beside the other. */
export function formatQuantity(quantity: Quantity | undefined): string {
  const amount = quantity?.amount
  if (amount === undefined) return NONE
  if (amount.$case === 'count') return formatCount(amount.value)
  if (amount.$case === 'money') return formatMoney(amount.value)
  return amount.value.parts.map(formatMoney).join(' + ') || NONE
}

/** What a ratio or a mean divides, and by what. */
export const formatSides = (cell: KpiCell | undefined): string =>
  `${formatQuantity(cell?.numerator)} / ${formatQuantity(cell?.denominator)}`

/** The value of a cell; where money is in several currencies what it is made of, else without one a dash. */
export function formatCell(cell: KpiCell | undefined): string {
  const { value } = cell ?? {}
  if (!cell || value?.$case !== 'noValue') return formatValue(value)
  if (value.value.reason !== NoValueReason.NO_VALUE_REASON_SEVERAL_CURRENCIES) return NONE
  return cell.denominator ? formatSides(cell) : formatQuantity(cell.numerator)
}

/** A text that anybody may have sent: what a terminal would obey is shown and not carried out. */
export const formatText = (text: string): string => text.replace(/\p{Cc}/gu, '\ufffd')

/** A dimension's value: none, and the empty text, are told apart from every word. */
export const formatDimension = (value: string | undefined): string =>
  value === undefined ? '(none)' : value === '' ? '(empty)' : formatText(value)

/** An instant to the second, UTC. */
export const formatTime = (time: Date | undefined): string =>
  time ? `${time.toISOString().slice(0, 19).replace('T', ' ')}Z` : NONE

/** A calendar day, UTC. */
export const formatDay = (time: Date | undefined): string => (time ? time.toISOString().slice(0, 10) : NONE)

const units: Readonly<Record<Unit, string>> = {
  [Unit.UNIT_UNSPECIFIED]: '',
  [Unit.UNIT_COUNT]: 'count',
  [Unit.UNIT_RATIO]: 'ratio',
  [Unit.UNIT_MONEY]: 'money',
  [Unit.UNIT_DURATION]: 'duration',
  [Unit.UNRECOGNIZED]: '',
}
export const formatUnit = (unit: Unit): string => units[unit]
