interface Because {
  readonly because?: readonly string[]
}
interface Pair {
  /** The person that stays. */
  readonly person: string
  /** The id that is absorbed, or let go again. */
  readonly absorbed: string
}

/** What can be asked of a person. */
export type PersonCommand =
  | ({ readonly type: 'person.merge' } & Pair & Because)
  | ({ readonly type: 'person.unmerge'; readonly reason?: string } & Pair)
  | ({
      readonly type: 'person.match-account'
      readonly person: string
      readonly account: string
      readonly rule: string
      readonly ruleVersion: number
      readonly fields: readonly string[]
    } & Because)
  | { readonly type: 'person.erase'; readonly person: string }
