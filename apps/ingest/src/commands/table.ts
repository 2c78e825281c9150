import type { DealCommand, LeadCommand, PersonCommand, QueueCommand, VisitorCommand } from '@funnel/domain'
import * as deal from './dto/deal.js'
import * as lead from './dto/lead.js'
import * as person from './dto/person.js'
import * as queue from './dto/queue.js'

/** What can be asked of each kind of subject. */
export interface CommandsOf {
  readonly lead: LeadCommand
  readonly deal: DealCommand
  readonly queue: QueueCommand
  readonly person: PersonCommand
  readonly visitor: VisitorCommand
}
export type Subject = keyof CommandsOf
export type Command = CommandsOf[Subject]
export type CommandType = Command['type']

/** How a command comes in, as a class that class-validator checks, and who decides on it. */
export interface Entry<Type extends CommandType> {
  readonly fields: new () => Omit<Extract<Command, { readonly type: Type }>, 'type'>
  readonly subject: { [S in Subject]: Type extends CommandsOf[S]['type'] ? S : never }[Subject]
}

/** Every command there is. A new one needs its class in dto/ and its line here; the compiler asks for both. */
export const commands: { readonly [Type in CommandType]: Entry<Type> } = {
  'lead.advance': { fields: lead.AdvanceLead, subject: 'lead' },
  'lead.qualify': { fields: lead.QualifyLead, subject: 'lead' },
  'lead.disqualify': { fields: lead.DisqualifyLead, subject: 'lead' },
  'lead.recycle': { fields: lead.RecycleLead, subject: 'lead' },
  'lead.convert': { fields: lead.ConvertLead, subject: 'lead' },
  'lead.reverse-conversion': { fields: lead.ReverseLeadConversion, subject: 'lead' },
  'lead.assign': { fields: lead.AssignLead, subject: 'lead' },
  'handoff.offer': { fields: lead.OfferHandoff, subject: 'lead' },
  'handoff.accept': { fields: lead.AcceptHandoff, subject: 'lead' },
  'handoff.reject': { fields: lead.RejectHandoff, subject: 'lead' },
  'handoff.expire': { fields: lead.ExpireHandoff, subject: 'lead' },
  'handoff.withdraw': { fields: lead.WithdrawHandoff, subject: 'lead' },
  'handoff.raise-feedback': { fields: lead.RaiseHandoffFeedback, subject: 'lead' },
  'deal.open': { fields: deal.OpenDeal, subject: 'deal' },
  'deal.move': { fields: deal.MoveDeal, subject: 'deal' },
  'deal.change-amount': { fields: deal.ChangeDealAmount, subject: 'deal' },
  'deal.assign': { fields: deal.AssignDeal, subject: 'deal' },
  'deal.expect-close': { fields: deal.ExpectDealClose, subject: 'deal' },
  'deal.win': { fields: deal.WinDeal, subject: 'deal' },
  'deal.lose': { fields: deal.LoseDeal, subject: 'deal' },
  'deal.reopen': { fields: deal.ReopenDeal, subject: 'deal' },
  'deal.add-contact': { fields: deal.AddDealContact, subject: 'deal' },
  'deal.remove-contact': { fields: deal.RemoveDealContact, subject: 'deal' },
  'queue.staff': { fields: queue.StaffQueue, subject: 'queue' },
  'queue.assign': { fields: queue.AssignFromQueue, subject: 'queue' },
  'queue.credit': { fields: queue.CreditQueue, subject: 'queue' },
  'queue.release': { fields: queue.ReleaseFromQueue, subject: 'queue' },
  'queue.leave': { fields: queue.LeaveQueue, subject: 'queue' },
  'queue.return': { fields: queue.ReturnToQueue, subject: 'queue' },
  'person.merge': { fields: person.MergePersons, subject: 'person' },
  'person.unmerge': { fields: person.UnmergePersons, subject: 'person' },
  'person.match-account': { fields: person.MatchAccount, subject: 'person' },
  'person.erase': { fields: person.ErasePerson, subject: 'person' },
  'visitor.unlink': { fields: person.UnlinkVisitor, subject: 'visitor' },
}
