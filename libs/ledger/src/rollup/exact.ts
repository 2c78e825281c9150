/** An integer: a number as long as that is exact. */
export type Exact = number | bigint

export const plus = (a: Exact, b: Exact): Exact => {
  if (typeof a === 'number' && typeof b === 'number') {
    const sum = a + b
    if (Number.isSafeInteger(sum)) return sum
  }
  return exact(BigInt(a) + BigInt(b))
}

export const minus = (a: Exact, b: Exact): Exact => plus(a, -b)

export const times = (a: number, b: number): Exact => {
  const product = a * b
  return Number.isSafeInteger(product) ? product : BigInt(a) * BigInt(b)
}

const exact = (value: bigint): Exact => {
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : value
}
