import type { Taxonomy } from '@funnel/definitions'
import { addressOf, FunnelError } from '@funnel/events'
import { dataOf } from '../command-data.js'
import type { Decided, Decider } from '../decider.js'
import { decideBy } from '../decisions.js'
import { assertReason } from '../reasons.js'
import type { DealCommand, Money } from './commands.js'
import { contactKey, evolveDeal, outcomeOf, unknownDeal, type DealState } from './state.js'

/** What both teams agreed on, as far as deals are decided by it. */
export interface DealRules {
  readonly reasons: readonly Taxonomy[]
}

/**
 * What can be decided about a deal, wherever it was opened: what a CRM reports counts as much as what was decided here.
 *
 * - A deal is opened once. Nothing is decided about one of which nothing is known: NOT_FOUND.
 * - It is open until it is won or lost, then until it is reopened. While it is closed it does not move and no close is
 *   expected; its amount, its owner and its contacts may still be put right.
 * - What is so already is decided by no event. Winning a won deal for another amount changes the amount.
 */
export function dealDecider({ reasons }: DealRules): Decider<DealCommand, DealState> {
  const decide = decideBy<DealCommand, DealState>({
    'deal.open': open,
    'deal.move': move,
    'deal.change-amount': changeAmount,
    'deal.assign': assign,
    'deal.expect-close': expectClose,
    'deal.win': win,
    'deal.lose': (command, state) => lose(command, state, reasons),
    'deal.reopen': reopen,
    'deal.add-contact': (command, state) =>
      hasContact(command, state) ? [] : [{ type: 'deal.contact-added', data: dataOf(command) }],
    'deal.remove-contact': (command, state) =>
      hasContact(command, state) ? [{ type: 'deal.contact-removed', data: dataOf(command) }] : [],
  })
  return {
    initialState: unknownDeal,
    evolve: evolveDeal,
    decide: (command, state, at) => {
      if (!state.known && command.type !== 'deal.open')
        throw new FunnelError('NOT_FOUND', `there is no deal ${command.deal}: open it first`, { deal: command.deal })
      return decide(command, state, at)
    },
  }
}

/** The streams that a decision about a deal rests on. */
export const dealStreams = ({ deal }: DealCommand): readonly string[] => [addressOf('deal', deal).stream]

type OfType<Type extends DealCommand['type']> = Extract<DealCommand, { readonly type: Type }>

function open(command: OfType<'deal.open'>, { known }: DealState): Decided[] {
  assertMoney(command.amount)
  if (known)
    throw new FunnelError('REJECTED', `there is a deal ${command.deal} already: change it, or take a new id`, {
      deal: command.deal,
    })
  return [{ type: 'deal.opened', data: dataOf(command) }]
}

function move(command: OfType<'deal.move'>, state: DealState): Decided[] {
  assertOpen(command, state)
  return state.stage?.value === command.stage ? [] : [{ type: 'deal.stage-entered', data: dataOf(command) }]
}

function changeAmount({ deal, amount }: Omit<OfType<'deal.change-amount'>, 'type'>, state: DealState): Decided[] {
  assertMoney(amount)
  const { value } = state.amount ?? {}
  return value?.minor === amount.minor && value.currency === amount.currency
    ? []
    : [{ type: 'deal.amount-changed', data: { deal, amount } }]
}

const assign = (command: OfType<'deal.assign'>, state: DealState): Decided[] =>
  state.owner?.value === command.owner ? [] : [{ type: 'deal.assigned', data: dataOf(command) }]

function expectClose(command: OfType<'deal.expect-close'>, state: DealState): Decided[] {
  assertDay(command.day)
  assertOpen(command, state)
  return state.day?.value === command.day ? [] : [{ type: 'deal.close-expected', data: dataOf(command) }]
}

function win(command: OfType<'deal.win'>, state: DealState): Decided[] {
  const { deal, amount } = command
  assertMoney(amount)
  assertNot('lost', command, state)
  if (outcomeOf(state) === 'open') return [{ type: 'deal.won', data: dataOf(command) }]
  return amount ? changeAmount({ deal, amount }, state) : []
}

function lose(command: OfType<'deal.lose'>, state: DealState, reasons: readonly Taxonomy[]): Decided[] {
  assertReason(reasons, 'lost', command)
  assertNot('won', command, state)
  return outcomeOf(state) === 'lost' ? [] : [{ type: 'deal.lost', data: dataOf(command) }]
}

function reopen(command: OfType<'deal.reopen'>, state: DealState): Decided[] {
  const { deal } = command
  if (outcomeOf(state) === 'open')
    throw new FunnelError('REJECTED', `deal ${deal} is open: only a won or lost deal is reopened`, { deal })
  return [{ type: 'deal.reopened', data: dataOf(command) }]
}

const hasContact = (command: OfType<'deal.add-contact' | 'deal.remove-contact'>, { contacts }: DealState): boolean =>
  contacts.get(contactKey(command))?.value === true

function assertOpen(command: DealCommand, state: DealState): void {
  assertNot('won', command, state)
  assertNot('lost', command, state)
}

function assertNot(outcome: 'won' | 'lost', { deal }: DealCommand, state: DealState): void {
  if (outcomeOf(state) === outcome)
    throw new FunnelError('REJECTED', `deal ${deal} is ${outcome}: use deal.reopen first`, { deal, outcome })
}

function assertMoney(amount: Money | undefined): void {
  if (amount && !Number.isSafeInteger(amount.minor))
    throw new FunnelError('INVALID', 'amount.minor is no whole number of minor units: give 105400 for 1,054.00 USD', {
      field: 'amount.minor',
    })
  if (amount && !/^[A-Z]{3}$/.test(amount.currency))
    throw new FunnelError('INVALID', 'amount.currency is no code of ISO 4217: give three capitals such as USD', {
      field: 'amount.currency',
    })
}

function assertDay(day: string): void {
  const start = new Date(`${day}T00:00:00.000Z`)
  if (Number.isNaN(start.getTime()) || start.toISOString().slice(0, 10) !== day)
    throw new FunnelError('INVALID', 'day is none of the calendar: give it as 2026-01-31', { field: 'day' })
}
