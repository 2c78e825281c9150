/** Random numbers whose state is one integer, so that it can be saved with what depends on it. */
export interface Dice {
  seed: number
}

/** The next number in [0, 1): mulberry32. */
export function roll(dice: Dice): number {
  dice.seed = (dice.seed + 0x6d2b79f5) | 0
  let t = Math.imul(dice.seed ^ (dice.seed >>> 15), 1 | dice.seed)
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
  return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
}

/** Whether something of this chance happens. */
export const happens = (dice: Dice, chance: number): boolean => roll(dice) < chance

/** A whole number from 0 up to, not including, `n`. */
export const below = (dice: Dice, n: number): number => Math.floor(roll(dice) * n)

/** One of the list, each as likely as the other. */
export const oneOf = <T>(dice: Dice, list: readonly T[]): T => list[below(dice, list.length)]!

/** One of the list, by share. */
export function byShare<T extends { readonly share: number }>(dice: Dice, list: readonly T[]): T {
  let left = roll(dice) * list.reduce((sum, { share }) => sum + share, 0)
  return list.find(({ share }) => (left -= share) < 0) ?? list.at(-1)!
}

/** A factor around 1 that is seldom far from it (log-normal). */
export function spread(dice: Dice, sigma: number): number {
  const normal = Math.sqrt(-2 * Math.log(1 - roll(dice))) * Math.cos(2 * Math.PI * roll(dice))
  return Math.exp(sigma * normal)
}
