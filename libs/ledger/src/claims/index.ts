export type { Claim, Comparison, Party, Matter } from './claim.js'
export { claimsOn } from './compare.js'
export type { Agreed } from './known.js'
