import { Type } from 'class-transformer'
import { ArrayMaxSize, IsArray, ValidateNested } from 'class-validator'
import type { QueueCommand } from '@funnel/domain'
import { Because, Line, Optional, WholeNumber } from './fields.js'

type Fields<Type extends QueueCommand['type']> = Omit<Extract<QueueCommand, { readonly type: Type }>, 'type'>

class About {
  @Line()
  readonly queue!: string
}

class OfLead extends About {
  @Line()
  readonly lead!: string
}

class Member {
  @Line()
  readonly member!: string

  @WholeNumber(1, 1000)
  readonly weight!: number

  @Optional()
  @WholeNumber(1, 1_000_000)
  readonly capacity?: number
}

const members = { message: 'must be a list of at most 500 members' }

export class StaffQueue extends About implements Fields<'queue.staff'> {
  @IsArray(members)
  @ArrayMaxSize(500, members)
  @ValidateNested({ each: true, message: 'must be an object with member and weight' })
  @Type(() => Member)
  readonly members!: readonly Member[]
}

export class AssignFromQueue extends OfLead implements Fields<'queue.assign'> {
  @Optional()
  @Line()
  readonly rule?: string

  @Optional()
  @Because()
  readonly because?: readonly string[]
}

export class CreditQueue extends OfLead implements Fields<'queue.credit'> {
  @Line()
  readonly reason!: string
}

export class ReleaseFromQueue extends OfLead implements Fields<'queue.release'> {}

export class LeaveQueue extends About implements Fields<'queue.leave'> {
  @Line()
  readonly member!: string

  @Optional()
  @Line()
  readonly reason?: string
}

export class ReturnToQueue extends About implements Fields<'queue.return'> {
  @Line()
  readonly member!: string
}
