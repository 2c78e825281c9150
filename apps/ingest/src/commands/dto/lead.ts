import type { LeadCommand } from '@funnel/domain'
import { Because, InstantText, Line, NoteText, Optional, WholeNumber } from './fields.js'

type Fields<Type extends LeadCommand['type']> = Omit<Extract<LeadCommand, { readonly type: Type }>, 'type'>

class About {
  @Line()
  readonly lead!: string
}

class Reasoned extends About {
  @Line()
  readonly reason!: string

  @Optional()
  @NoteText()
  readonly note?: string
}

export class AdvanceLead extends About implements Fields<'lead.advance'> {
  @Line()
  readonly stage!: string
}

export class QualifyLead extends About implements Fields<'lead.qualify'> {
  @Line()
  readonly stage!: string

  @Line()
  readonly rule!: string

  @WholeNumber(1, 1_000_000)
  readonly ruleVersion!: number

  @Optional()
  @Because()
  readonly because?: readonly string[]
}

export class DisqualifyLead extends Reasoned implements Fields<'lead.disqualify'> {}

export class RecycleLead extends Reasoned implements Fields<'lead.recycle'> {
  @Line()
  readonly stage!: string
}

export class ConvertLead extends About implements Fields<'lead.convert'> {
  @Optional()
  @Line()
  readonly deal?: string
}

export class ReverseLeadConversion extends Reasoned implements Fields<'lead.reverse-conversion'> {}

export class AssignLead extends About implements Fields<'lead.assign'> {
  @Line()
  readonly owner!: string

  @Optional()
  @Because()
  readonly because?: readonly string[]
}

class OfHandoff extends About {
  @Line()
  readonly handoff!: string
}

export class OfferHandoff extends OfHandoff implements Fields<'handoff.offer'> {
  @Optional()
  @Line()
  readonly assignee?: string

  @Optional()
  @Line()
  readonly queue?: string

  @InstantText()
  readonly deadline!: number

  @Optional()
  @Line()
  readonly fallback?: string
}

export class AcceptHandoff extends OfHandoff implements Fields<'handoff.accept'> {
  @Line()
  readonly owner!: string
}

export class RejectHandoff extends OfHandoff implements Fields<'handoff.reject'> {
  @Line()
  readonly reason!: string

  @Optional()
  @NoteText()
  readonly note?: string
}

export class ExpireHandoff extends OfHandoff implements Fields<'handoff.expire'> {}

export class WithdrawHandoff extends OfHandoff implements Fields<'handoff.withdraw'> {}

export class RaiseHandoffFeedback extends OfHandoff implements Fields<'handoff.raise-feedback'> {
  @Optional()
  @Line()
  readonly channel?: string

  @Optional()
  @Line()
  readonly campaign?: string

  @Optional()
  @Because()
  readonly because?: readonly string[]
}
