import { describe, expect, it } from '@jest/globals'
import type { Decided, Happened } from '../decider.js'
import { NOON, specOf } from '../testing/given.js'
import { NOTE, reasons } from '../testing/reasons.js'
import { dealDecider, dealStreams } from './deal.js'

const { given } = specOf(dealDecider({ reasons }))
const deal = 'd1'
const of = { deal }
const usd = (minor: number) => ({ minor, currency: 'USD' })
const opened: Decided = { type: 'deal.opened', data: { ...of, stage: 'demo', amount: usd(100), owner: 'ann' } }
const won: Decided = { type: 'deal.won', data: of }
const lost: Decided = { type: 'deal.lost', data: { ...of, reason: 'fit' } }
const reopened: Decided = { type: 'deal.reopened', data: of }
const moved = (stage: string): Decided => ({ type: 'deal.stage-entered', data: { ...of, stage } })
const changed = (minor: number, currency = 'USD'): Decided => ({
  type: 'deal.amount-changed',
  data: { ...of, amount: { minor, currency } },
})
const move = (stage: string) => ({ type: 'deal.move', ...of, stage }) as const
const change = (minor: number, currency = 'USD') =>
  ({ type: 'deal.change-amount', ...of, amount: { minor, currency } }) as const
const win = { type: 'deal.win', ...of } as const
const lose = { type: 'deal.lose', ...of, reason: 'fit' } as const
const reopen = { type: 'deal.reopen', ...of } as const
const expectClose = (day: string) => ({ type: 'deal.expect-close', ...of, day }) as const

describe('a deal', () => {
  it('is opened once, from a lead or alone', () => {
    const about = { ...of, lead: 'l1', person: 'p1', account: 'a1', owner: 'ann', properties: { region: 'EU' } }
    given()
      .when({ type: 'deal.open', ...about })
      .then({ type: 'deal.opened', data: about })
    given()
      .when({ type: 'deal.open', ...of })
      .then({ type: 'deal.opened', data: of })
    given(opened)
      .when({ type: 'deal.open', ...of })
      .thenRefused('REJECTED', /there is a deal d1 already/)
    given(won)
      .when({ type: 'deal.open', ...of })
      .thenRefused('REJECTED', /there is a deal d1 already/)
  })

  it('of which nothing is known is not found', () => {
    given()
      .when(win)
      .thenRefused('NOT_FOUND', /no deal d1/)
    given({ type: 'lead.captured', data: { lead: deal } })
      .when(win)
      .thenRefused('NOT_FOUND', /no deal d1/)
  })

  it('moves between stages of its pipeline, either way', () => {
    given(opened).when(move('contract')).then(moved('contract'))
    given(opened, moved('contract')).when(move('demo')).then(moved('demo'))
    given(opened).when(move('demo')).thenNothing()
  })

  it('has the value that is told last, in whatever currency', () => {
    given(opened).when(change(200)).then(changed(200))
    given(opened).when(change(100, 'EUR')).then(changed(100, 'EUR'))
    given(opened).when(change(100)).thenNothing()
    given(opened, { ...changed(50), at: NOON - 1 })
      .when(change(100))
      .thenNothing()
  })

  it('has a value in whole minor units of a currency', () => {
    for (const minor of [0.5, Number.NaN, 2 ** 53]) {
      given(opened)
        .when(change(minor))
        .thenRefused('INVALID', /amount\.minor/)
      given()
        .when({ type: 'deal.open', ...of, amount: usd(minor) })
        .thenRefused('INVALID', /amount\.minor/)
      given(opened)
        .when({ ...win, amount: usd(minor) })
        .thenRefused('INVALID', /amount\.minor/)
    }
    given(opened)
      .when(change(1, 'euro'))
      .thenRefused('INVALID', /ISO 4217/)
  })

  it('row 14: gets another owner, closed or not', () => {
    const assign = { type: 'deal.assign', ...of, owner: 'bob', because: [NOTE] } as const
    const assigned: Decided = { type: 'deal.assigned', data: { ...of, owner: 'bob', because: [NOTE] } }
    given(opened).when(assign).then(assigned)
    given(opened, won).when(assign).then(assigned)
    given(opened, assigned).when(assign).thenNothing()
  })

  it('is expected to close on a day of the calendar', () => {
    const expected: Decided = { type: 'deal.close-expected', data: { ...of, day: '2028-02-29' } }
    given(opened).when(expectClose('2028-02-29')).then(expected)
    given(opened, expected).when(expectClose('2028-02-29')).thenNothing()
    for (const day of ['2027-02-29', '29.02.2028', '2028-2-29', '2028-02-29T10:00:00Z', ''])
      given(opened)
        .when(expectClose(day))
        .thenRefused('INVALID', /calendar/)
  })
})

describe('a close', () => {
  it('is won or lost', () => {
    given(opened).when(win).then(won)
    given(opened)
      .when({ ...win, amount: usd(90) })
      .then({ type: 'deal.won', data: { ...of, amount: usd(90) } })
    given(opened).when(lose).then(lost)
  })

  it('that a CRM reported is nothing new', () => {
    given(won).when(win).thenNothing()
    given(lost).when(lose).thenNothing()
  })

  it('told again with another amount changes the amount', () => {
    given(opened, won)
      .when({ ...win, amount: usd(90) })
      .then(changed(90))
    given(opened, won)
      .when({ ...win, amount: usd(100) })
      .thenNothing()
  })

  it('stands until the deal is reopened', () => {
    for (const closed of [won, lost])
      for (const command of [move('contract'), expectClose('2026-02-01'), closed === won ? lose : win])
        given(opened, closed)
          .when(command)
          .thenRefused('REJECTED', /use deal\.reopen first/)
    given(opened, lost).when(reopen).then(reopened)
    given(opened, lost, { ...reopened, at: NOON + 1 })
      .when(win)
      .then(won)
  })

  it('can be put right in its amount', () => {
    given(opened, won).when(change(90)).then(changed(90))
  })

  it('is what a deal is reopened from', () => {
    given(opened)
      .when(reopen)
      .thenRefused('REJECTED', /deal d1 is open/)
    given(opened, won, { ...reopened, at: NOON + 1 })
      .when(reopen)
      .thenRefused('REJECTED', /deal d1 is open/)
    given(opened, won)
      .when({ ...reopen, stage: 'demo' })
      .then({ type: 'deal.reopened', data: { ...of, stage: 'demo' } })
  })

  it('counts as of when it happened, not as of when it was reported', () => {
    const late: Happened = { type: 'deal.lost', data: of, at: NOON - 1 }
    given(opened, won, late).when(win).thenNothing()
  })

  it('row 6: as lost needs a reason of the shared taxonomy, with a note where that says too little', () => {
    given(opened)
      .when({ ...lose, reason: 'mood' })
      .thenRefused('INVALID', /taxonomy lost: give one of fit, other/)
    given(opened)
      .when({ ...lose, reason: 'other' })
      .thenRefused('INVALID', /add a note/)
    given(opened)
      .when({ ...lose, reason: 'other', note: NOTE })
      .then({ type: 'deal.lost', data: { ...of, reason: 'other', note: NOTE } })
  })
})

describe('contacts', () => {
  const champion = { ...of, person: 'p1', role: 'champion' }
  const added: Decided = { type: 'deal.contact-added', data: champion }
  const removed: Decided = { type: 'deal.contact-removed', data: champion }

  it('are added and removed, each once', () => {
    given(opened)
      .when({ type: 'deal.add-contact', ...champion })
      .then(added)
    given(opened, added)
      .when({ type: 'deal.add-contact', ...champion })
      .thenNothing()
    given(opened, added)
      .when({ type: 'deal.remove-contact', ...champion })
      .then(removed)
    given(opened, added, removed)
      .when({ type: 'deal.remove-contact', ...champion })
      .thenNothing()
  })

  it('may have several roles', () => {
    given(opened, added)
      .when({ type: 'deal.add-contact', ...champion, role: 'buyer' })
      .then({ type: 'deal.contact-added', data: { ...champion, role: 'buyer' } })
  })
})

it('a deal is one stream', () => {
  expect(dealStreams(win)).toEqual(['deal-d1'])
})
