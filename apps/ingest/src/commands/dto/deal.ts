import { Type } from 'class-transformer'
import { IsObject, ValidateNested } from 'class-validator'
import type { DealCommand } from '@funnel/domain'
import { Because, Currency, Day, Line, NoteText, Optional, Properties, WholeNumber } from './fields.js'

type Fields<Type extends DealCommand['type']> = Omit<Extract<DealCommand, { readonly type: Type }>, 'type'>

class About {
  @Line()
  readonly deal!: string
}

class Money {
  @WholeNumber(-Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER)
  readonly minor!: number

  @Currency()
  readonly currency!: string
}

const Amount = (): PropertyDecorator => (target, property) => {
  IsObject({ message: 'must be an object with minor and currency' })(target, property)
  ValidateNested({ message: 'must be an object with minor and currency' })(target, property)
  Type(() => Money)(target, property)
}

export class OpenDeal extends About implements Fields<'deal.open'> {
  @Optional()
  @Line()
  readonly lead?: string

  @Optional()
  @Line()
  readonly person?: string

  @Optional()
  @Line()
  readonly account?: string

  @Optional()
  @Line()
  readonly owner?: string

  @Optional()
  @Line()
  readonly stage?: string

  @Optional()
  @Amount()
  readonly amount?: Money

  @Optional()
  @Properties()
  readonly properties?: Readonly<Record<string, string | number | boolean | null>>
}

export class MoveDeal extends About implements Fields<'deal.move'> {
  @Line()
  readonly stage!: string
}

export class ChangeDealAmount extends About implements Fields<'deal.change-amount'> {
  @Amount()
  readonly amount!: Money
}

export class AssignDeal extends About implements Fields<'deal.assign'> {
  @Line()
  readonly owner!: string

  @Optional()
  @Because()
  readonly because?: readonly string[]
}

export class ExpectDealClose extends About implements Fields<'deal.expect-close'> {
  @Day()
  readonly day!: string
}

export class WinDeal extends About implements Fields<'deal.win'> {
  @Optional()
  @Amount()
  readonly amount?: Money
}

export class LoseDeal extends About implements Fields<'deal.lose'> {
  @Line()
  readonly reason!: string

  @Optional()
  @NoteText()
  readonly note?: string
}

export class ReopenDeal extends About implements Fields<'deal.reopen'> {
  @Optional()
  @Line()
  readonly stage?: string
}

class Contact extends About {
  @Line()
  readonly person!: string

  @Line()
  readonly role!: string
}

export class AddDealContact extends Contact implements Fields<'deal.add-contact'> {}

export class RemoveDealContact extends Contact implements Fields<'deal.remove-contact'> {}
