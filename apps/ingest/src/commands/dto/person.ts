import type { PersonCommand, VisitorCommand } from '@funnel/domain'
import { Because, Line, Lines, Optional, WholeNumber } from './fields.js'

type Fields<Type extends PersonCommand['type']> = Omit<Extract<PersonCommand, { readonly type: Type }>, 'type'>

class About {
  @Line()
  readonly person!: string
}

class Pair extends About {
  @Line()
  readonly absorbed!: string
}

export class MergePersons extends Pair implements Fields<'person.merge'> {
  @Optional()
  @Because()
  readonly because?: readonly string[]
}

export class UnmergePersons extends Pair implements Fields<'person.unmerge'> {
  @Optional()
  @Line()
  readonly reason?: string
}

export class MatchAccount extends About implements Fields<'person.match-account'> {
  @Line()
  readonly account!: string

  @Line()
  readonly rule!: string

  @WholeNumber(1, 1_000_000)
  readonly ruleVersion!: number

  @Lines(20)
  readonly fields!: readonly string[]

  @Optional()
  @Because()
  readonly because?: readonly string[]
}

export class ErasePerson extends About implements Fields<'person.erase'> {}

export class UnlinkVisitor extends About implements Omit<VisitorCommand, 'type'> {
  @Line()
  readonly visitor!: string

  @Optional()
  @Line()
  readonly reason?: string
}
