import { describe, expect, it } from '@jest/globals'
import { lineKey } from '../line.js'
import { on, told } from './testing/told.js'

// a value that no text can be made of, as only a broken validation lets pass
const poison = { toString: 1, valueOf: 1 }

describe('a subject whose fold throws', () => {
  const { sum, parked, deal } = told(
    [
      on(1, 'touchpoint.recorded', { visitor: 'v1', kind: 'page', channel: 'search' }),
      on(2, 'visitor.identified', { visitor: 'v1', person: 'p1' }),
      on(3, 'lead.captured', { lead: 'l1', person: 'p1' }),
      on(3, 'lead.captured', { lead: 'l2', person: 'p1' }),
      on(4, 'deal.opened', { deal: 'd1', lead: 'l1' }),
      on(5, 'lead.stage-entered', { lead: 'l1', stage: 'mql', properties: { origin: poison } }),
      on(6, 'lead.stage-entered', { lead: 'l1', stage: 'sql' }),
      on(0, 'touchpoint.recorded', { visitor: 'v1', kind: 'page', channel: 'fair' }, { known: 7 }),
      on(8, 'deal.won', { deal: 'd1' }),
    ],
    { poisoned: true },
  )

  it('is parked once, with the reason and the event', () => {
    expect(parked).toEqual([
      {
        ref: { kind: 'lead', key: 'l1' },
        reason: expect.stringContaining('primitive'),
        cause: expect.objectContaining({ topic: 'leads' }),
      },
    ])
  })

  it('keeps the lines it had; nothing of the event is booked, and nothing of later ones', () => {
    expect(sum('lead.captured', { id: 'l1', dims: { channel: 'search' } })).toBe(1)
    expect([sum('stage.entered'), sum('lead.in-stage'), sum('converted')]).toEqual([0, 0, 0])
  })

  it('does not hold up its neighbours', () => {
    expect(sum('touch')).toBe(2)
    expect(sum('lead.captured', { id: 'l2', dims: { channel: 'fair' } })).toBe(1)
    expect(sum('deal.won')).toBe(1)
    expect(deal('d1').outcome).toBe('won')
  })

  it('passes on to its deals what it did last', () => {
    expect(sum('deal.opened', { dims: { channel: 'search' } })).toBe(1)
  })

  it('may be a visitor, whose touches are then left out', () => {
    const { sum, parked } = told(
      [
        on(1, 'touchpoint.recorded', { visitor: 'v1', kind: 'page' }),
        on(2, 'touchpoint.recorded', { visitor: 'v1', kind: 'page', properties: { size: poison } }),
        on(3, 'touchpoint.recorded', { visitor: 'v1', kind: 'page' }),
        on(3, 'touchpoint.recorded', { visitor: 'v2', kind: 'page' }),
      ],
      { poisoned: true },
    )
    expect(parked.map(({ ref }) => ref)).toEqual([{ kind: 'visitor', key: 'v1' }])
    expect(sum('touch')).toBe(2)
  })
})

describe('the entries of one event', () => {
  const { entries } = told([
    on(1, 'lead.captured', { lead: 'l1' }),
    on(2, 'deal.won', { deal: 'd1', lead: 'l1', amount: { minor: 5, currency: 'USD' } }),
    on(3, 'lead.stage-entered', { lead: 'l1', stage: 'mql', owner: 'ann' }),
  ])

  it('are numbered from 0 and say when they became known', () => {
    const byCause = Map.groupBy(entries, ({ cause }) => JSON.stringify(cause))
    expect(byCause.size).toBe(3)
    for (const of of byCause.values()) {
      expect(of.map(({ ordinal }) => ordinal)).toEqual(of.map((_, i) => i))
      expect(new Set(of.map(({ recorded }) => recorded)).size).toBe(1)
    }
  })

  it('hold no zeros and no pair that cancels out', () => {
    const keys = entries.map((entry) => JSON.stringify([entry.cause, lineKey(entry)]))
    expect(new Set(keys).size).toBe(keys.length)
    expect(entries.every(({ amount }) => amount !== 0)).toBe(true)
  })
})

describe('an event from the future', () => {
  it('happened when it was recorded', () => {
    const { entries } = told([on(400, 'touchpoint.recorded', { visitor: 'v1', kind: 'page' }, { known: 3 })])
    expect(entries[0]!.occurred).toBe(entries[0]!.recorded)
  })
})
