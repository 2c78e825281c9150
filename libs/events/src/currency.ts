import { closeNames } from './validation/close-names.js'

/** ISO 4217 currencies whose minor unit is not a hundredth. */
const exponents: Readonly<Record<string, number>> = {
  ...all(0, 'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF'),
  ...all(3, 'BHD IQD JOD KWD LYD OMR TND'),
  ...all(4, 'CLF UYW'),
}

/** Digits behind the point of the currency's minor unit: 2 for USD, 0 for JPY. */
export const exponentOf = (currency: string): number => exponents[currency] ?? 2

// ICU leaves out units of account and of funds: those with an exponent of their own, and these.
const codes = new Set([
  ...Intl.supportedValuesOf('currency'),
  ...Object.keys(exponents),
  ...'BOV CHE CHW COU MXV USN VED'.split(' '),
])

/** Whether ISO 4217 has the code, as ICU knows it: currencies in use and those given up of late. */
export const isCurrency = (code: string): boolean => codes.has(code)

/** What stands in the place of a code that is none: "an ISO 4217 code in capital letters: did you mean EUR?" */
export function currencyAdvice(code: string): string {
  const close = closeNames(code, [...codes])
  return `an ISO 4217 code in capital letters${close.length ? `: did you mean ${close.join(' or ')}?` : ', such as EUR'}`
}

function all(exponent: number, list: string): Record<string, number> {
  return Object.fromEntries(list.split(' ').map((code) => [code, exponent]))
}
