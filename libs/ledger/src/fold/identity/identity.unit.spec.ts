import { describe, expect, it } from '@jest/globals'
import { on, told } from '../testing/told.js'

const touch = (at: number, visitor: string, channel: string, options?: { known?: number; sequence?: number }) =>
  on(at, 'touchpoint.recorded', { visitor, kind: 'page', channel }, options)
const identified = (at: number, visitor: string, person: string, options?: { known: number }) =>
  on(at, 'visitor.identified', { visitor, person }, options)
const captured = (at: number, lead: string, of: { person?: string; visitor?: string }) =>
  on(at, 'lead.captured', { lead, ...of })
const leadsOf = (channel: string) => ({ dims: { channel } })

describe('touches', () => {
  it('are counted by their own channel, whoever the visitor is', () => {
    const { sum } = told([touch(1, 'v1', 'search'), touch(2, 'v1', 'social'), touch(3, 'v2', 'search')])
    expect(sum('touch')).toBe(3)
    expect(sum('touch', leadsOf('search'))).toBe(2)
  })

  it('of a visitor that nobody knows change no lead', () => {
    const { sum } = told([captured(5, 'l1', { person: 'p1' }), touch(1, 'v1', 'search', { known: 6 })])
    expect(sum('lead.captured', leadsOf('none'))).toBe(1)
    expect(sum('lead.captured', leadsOf('search'))).toBe(0)
  })

  it('leave no trace in the visitor but the first', () => {
    const first = told([touch(1, 'v1', 'search')])
    const many = told([touch(1, 'v1', 'search'), ...Array.from({ length: 50 }, (_, i) => touch(2 + i, 'v1', `c${i}`))])
    expect(many.sum('touch')).toBe(51)
    expect(many.state('visitor', 'v1')).toBe(first.state('visitor', 'v1'))
  })
})

describe('a late identity link', () => {
  const { sum } = told([
    touch(1, 'v1', 'search'),
    captured(5, 'l1', { person: 'p1' }),
    identified(6, 'v1', 'p1', { known: 9 }),
  ])

  it('moves the lead to the channel of the touch that came before it', () => {
    expect(sum('lead.captured', leadsOf('search'))).toBe(1)
    expect(sum('lead.captured', leadsOf('none'))).toBe(0)
  })

  it('is not known before it was recorded', () => {
    expect(sum('lead.captured', { ...leadsOf('search'), known: 8 })).toBe(0)
    expect(sum('lead.captured', { ...leadsOf('none'), known: 8 })).toBe(1)
    expect(sum('lead.captured', { ...leadsOf('search'), known: 9 })).toBe(1)
  })

  it('keeps the lead in the period in which it was captured', () => {
    expect(sum('lead.captured', { ...leadsOf('search'), period: [5, 6] })).toBe(1)
    expect(sum('lead.captured')).toBe(1)
  })
})

describe('the first touch', () => {
  it('is the one that happened first, though it became known last', () => {
    const { sum } = told([
      touch(3, 'v1', 'social'),
      identified(4, 'v1', 'p1'),
      captured(5, 'l1', { person: 'p1' }),
      touch(1, 'v1', 'search', { known: 10 }),
    ])
    expect(sum('lead.captured', { ...leadsOf('social'), known: 9 })).toBe(1)
    expect(sum('lead.captured', leadsOf('social'))).toBe(0)
    expect(sum('lead.captured', leadsOf('search'))).toBe(1)
  })

  it('is decided by the sequence of the source where two happened at once', () => {
    const { sum } = told([
      touch(1, 'v1', 'second', { sequence: 2 }),
      touch(1, 'v1', 'first', { sequence: 1, known: 3 }),
      identified(4, 'v1', 'p1'),
      captured(5, 'l1', { person: 'p1' }),
    ])
    expect(sum('lead.captured', leadsOf('first'))).toBe(1)
  })

  it('of a person is that of all visitors', () => {
    const { sum } = told([
      touch(3, 'phone', 'social'),
      identified(3, 'phone', 'p1'),
      captured(5, 'l1', { person: 'p1' }),
      touch(1, 'laptop', 'search'),
      identified(8, 'laptop', 'p1'),
    ])
    expect(sum('lead.captured', { ...leadsOf('social'), known: 7 })).toBe(1)
    expect(sum('lead.captured', leadsOf('search'))).toBe(1)
  })

  it('counts for every lead of the person', () => {
    const { sum } = told([
      captured(5, 'l1', { person: 'p1' }),
      captured(6, 'l2', { person: 'p1' }),
      captured(6, 'l3', { person: 'p2' }),
      touch(1, 'v1', 'search'),
      identified(8, 'v1', 'p1'),
    ])
    expect(sum('lead.captured', leadsOf('search'))).toBe(2)
    expect(sum('lead.captured', leadsOf('none'))).toBe(1)
  })

  it('reaches the deals of the lead', () => {
    const { sum } = told([
      captured(5, 'l1', { person: 'p1' }),
      on(6, 'deal.won', { deal: 'd1', lead: 'l1', amount: { minor: 100, currency: 'USD' } }),
      touch(1, 'v1', 'search'),
      identified(8, 'v1', 'p1'),
    ])
    expect(sum('deal.won.value', { ...leadsOf('search'), known: 7 })).toBe(0)
    expect(sum('deal.won.value', leadsOf('search'))).toBe(100)
    expect(sum('deal.won.value')).toBe(100)
  })
})

describe('a visitor identified as two persons', () => {
  const log = [
    touch(1, 'v1', 'search'),
    captured(2, 'l1', { person: 'p1' }),
    captured(2, 'l2', { person: 'p2' }),
    identified(5, 'v1', 'p2'),
    identified(4, 'v1', 'p1', { known: 9 }),
  ]

  it('is the one that was named first, though that became known last', () => {
    const { sum } = told(log)
    expect(sum('lead.captured', { ...leadsOf('search'), id: 'l2', known: 8 })).toBe(1)
    expect(sum('lead.captured', { ...leadsOf('search'), id: 'l2' })).toBe(0)
    expect(sum('lead.captured', { ...leadsOf('search'), id: 'l1' })).toBe(1)
  })
})

describe('a lead that names a visitor and no person', () => {
  it('has the first touch of the visitor', () => {
    const { sum, lead } = told([captured(5, 'l1', { visitor: 'v1' }), touch(1, 'v1', 'search', { known: 6 })])
    expect(sum('lead.captured', leadsOf('search'))).toBe(1)
    expect(lead('l1').person).toBeUndefined()
  })

  it('becomes the lead of the person that the visitor turns out to be', () => {
    const { sum, lead } = told([
      touch(3, 'v1', 'social'),
      captured(5, 'l1', { visitor: 'v1' }),
      identified(6, 'v1', 'p1'),
      touch(1, 'v2', 'search'),
      identified(8, 'v2', 'p1'),
    ])
    expect(sum('lead.captured', { ...leadsOf('social'), known: 7 })).toBe(1)
    expect(sum('lead.captured', leadsOf('search'))).toBe(1)
    expect(lead('l1')).toMatchObject({ person: 'p1', channel: 'search' })
  })

  it('goes with the visitor when an earlier identification turns up', () => {
    const { lead } = told([
      captured(5, 'l1', { visitor: 'v1' }),
      identified(6, 'v1', 'p1'),
      touch(1, 'v2', 'search'),
      identified(1, 'v2', 'p2'),
      identified(4, 'v1', 'p2', { known: 10 }),
    ])
    expect(lead('l1')).toMatchObject({ person: 'p2', channel: 'search' })
  })
})

describe('a lead that names persons one after another', () => {
  it('is the lead of the latest', () => {
    const { lead } = told([
      touch(1, 'v1', 'search'),
      identified(1, 'v1', 'p1'),
      touch(2, 'v2', 'social'),
      identified(2, 'v2', 'p2'),
      captured(5, 'l1', { person: 'p1' }),
      on(6, 'lead.stage-entered', { lead: 'l1', stage: 'mql', person: 'p2' }),
    ])
    expect(lead('l1')).toMatchObject({ person: 'p2', channel: 'social' })
  })
})
