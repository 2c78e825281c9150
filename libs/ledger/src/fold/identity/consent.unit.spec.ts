import { describe, expect, it } from '@jest/globals'
import { on, told } from '../testing/told.js'

interface Options {
  readonly known?: number
}
const touch = (
  at: number,
  visitor: string,
  channel: string,
  { attribution, ...options }: Options & { attribution?: boolean } = {},
) =>
  on(
    at,
    'touchpoint.recorded',
    { visitor, kind: 'page', channel, ...(attribution === undefined ? {} : { consent: { attribution } }) },
    options,
  )
const identified = (at: number, visitor: string, person: string) => on(at, 'visitor.identified', { visitor, person })
const consent = (at: number, person: string, given: boolean, options?: Options) =>
  on(at, 'person.consent-recorded', { person, purposes: { attribution: given } }, options)
const captured = (at: number, lead: string, of: object) => on(at, 'lead.captured', { lead, ...of })
const absorbed = (at: number, person: string, into: string) => on(at, 'person.absorbed', { person, into })
const released = (at: number, person: string, from: string) => on(at, 'person.released', { person, from })

describe('who withdrew consent to attribution (row 76)', () => {
  it('is not attributed to touches after that, which are counted all the same', () => {
    const { sum, lead } = told([
      consent(1, 'p', false),
      touch(2, 'v', 'search'),
      identified(2, 'v', 'p'),
      captured(3, 'l', { person: 'p' }),
      on(4, 'deal.won', { deal: 'd', lead: 'l', amount: { minor: 100, currency: 'USD' } }),
    ])
    expect(lead('l').channel).toBeUndefined()
    expect(sum('lead.captured', { dims: { channel: 'none' } })).toBe(1)
    expect(sum('deal.won.value', { dims: { channel: 'none' } })).toBe(100)
    expect(sum('touch', { dims: { channel: 'search' } })).toBe(1)
  })

  it('stays attributed to what came before', () => {
    const { lead } = told([
      touch(1, 'v', 'search'),
      identified(1, 'v', 'p'),
      consent(2, 'p', false),
      captured(3, 'l', { person: 'p' }),
    ])
    expect(lead('l').channel).toBe('search')
  })

  it('loses what was attributed when the withdrawal becomes known late, and as known before still has it', () => {
    const { sum } = told([
      touch(2, 'v', 'search'),
      identified(2, 'v', 'p'),
      captured(3, 'l', { person: 'p' }),
      consent(1, 'p', false, { known: 5 }),
    ])
    expect(sum('lead.captured', { dims: { channel: 'search' }, known: 4 })).toBe(1)
    expect(sum('lead.captured', { dims: { channel: 'search' } })).toBe(0)
  })

  it('is attributed again to visitors that come after consent was given again, and not to those between', () => {
    const { lead } = told([
      consent(1, 'p', false),
      touch(2, 'v1', 'search'),
      identified(2, 'v1', 'p'),
      consent(3, 'p', true),
      touch(4, 'v1', 'email'),
      touch(5, 'v2', 'social'),
      identified(5, 'v2', 'p'),
      captured(6, 'l', { person: 'p' }),
    ])
    expect(lead('l').channel).toBe('social')
  })

  it('is told apart from one who withdrew another consent', () => {
    const { lead } = told([
      on(1, 'person.consent-recorded', { person: 'p', purposes: { newsletter: false } }),
      touch(2, 'v', 'search'),
      identified(2, 'v', 'p'),
      captured(3, 'l', { person: 'p' }),
    ])
    expect(lead('l').channel).toBe('search')
  })

  it('did so under every id that is this person, and of itself alone once they are un-merged', () => {
    const list = [
      consent(1, 'b', false),
      touch(2, 'v', 'search'),
      identified(2, 'v', 'a'),
      captured(3, 'l', { person: 'a' }),
      absorbed(4, 'b', 'a'),
      released(6, 'b', 'a'),
    ]
    const { sum } = told(list)
    const search = { dims: { channel: 'search' } }
    expect(sum('lead.captured', { ...search, known: 3 })).toBe(1)
    expect(sum('lead.captured', { ...search, known: 4 })).toBe(0)
    expect(sum('lead.captured', search)).toBe(1)
    expect(told([...list.slice(0, -1), consent(0, 'a', true)]).lead('l').channel).toBeUndefined()
  })
})

describe('a touch at which the visitor said no to attribution (row 76)', () => {
  it('is counted, and attributed to nobody', () => {
    const { sum, lead } = told([
      touch(1, 'v', 'search', { attribution: false }),
      captured(2, 'l', { visitor: 'v' }),
      identified(3, 'v', 'p'),
    ])
    expect(sum('lead.captured', { dims: { channel: 'search' }, known: 2 })).toBe(0)
    expect(lead('l').channel).toBeUndefined()
    expect(sum('touch', { dims: { channel: 'search' } })).toBe(1)
  })

  it('gives way to one at which it said yes, or nothing, though that came later', () => {
    const list = [
      touch(1, 'v', 'search', { attribution: false }),
      touch(2, 'v', 'social', { attribution: true }),
      captured(3, 'l', { visitor: 'v' }),
    ]
    expect(told(list).lead('l').channel).toBe('social')
    expect(told([...list, touch(0, 'v', 'fair', { attribution: false, known: 5 })]).lead('l').channel).toBe('social')
    expect(told([...list, touch(1.5, 'v', 'fair', { known: 5 })]).lead('l').channel).toBe('fair')
  })
})
