import { describe, expect, it } from '@jest/globals'
import * as fc from 'fast-check'
import { FunnelError } from '@funnel/events'
import { evolved, type Happened } from '../decider.js'
import { NOON, specOf } from '../testing/given.js'
import { visitorDecider, visitorStreams } from './visitor.js'

const { given } = specOf(visitorDecider)
const visitor = 'v1'
const identified = (person: string, minute: number): Happened => ({
  type: 'visitor.identified',
  data: { visitor, person },
  at: NOON + minute * 60_000,
})
const unlinked = (person: string, minute: number): Happened => ({
  type: 'visitor.unlinked',
  data: { visitor, person },
  at: NOON + minute * 60_000,
})
const unlink = (person: string) => ({ type: 'visitor.unlink', visitor, person }) as const

describe('a visitor (row 30)', () => {
  it('is unlinked from the person that it was identified as', () => {
    given(identified('p1', 1))
      .when({ ...unlink('p1'), reason: 'shared device' })
      .then({ type: 'visitor.unlinked', data: { visitor, person: 'p1', reason: 'shared device' } })
    expect(visitorStreams(unlink('p1'))).toEqual(['visitor-v1'])
  })

  it('of which nobody knows whose it is cannot be', () => {
    given()
      .when(unlink('p1'))
      .thenRefused('REJECTED', /v1 is not taken for p1$/)
    given({ type: 'touchpoint.recorded', data: { visitor, kind: 'page' } })
      .when(unlink('p1'))
      .thenRefused('REJECTED', /v1 is not taken for p1$/)
  })

  it('is the person’s that was named first, though that became known last', () => {
    given(identified('p2', 5), identified('p1', 3))
      .when(unlink('p2'))
      .thenRefused('REJECTED', /v1 is not taken for p2 but for p1/)
  })

  it('is nobody’s after an unlink, whoever else it was identified as before', () => {
    for (const person of ['p1', 'p2'])
      given(identified('p1', 1), identified('p2', 2), unlinked('p1', 5), identified('p2', 4))
        .when(unlink(person))
        .thenRefused('REJECTED', /is not taken for/)
  })

  it('may be identified again, and unlinked again', () => {
    given(identified('p1', 1), unlinked('p1', 5), identified('p1', 6))
      .when(unlink('p1'))
      .then({ type: 'visitor.unlinked', data: { visitor, person: 'p1' } })
  })

  it('is unlinked or the command refused, whatever was observed; once it is, it cannot be again', () => {
    const person = fc.constantFrom('p1', 'p2')
    const minute = fc.nat({ max: 5 })
    const events = fc.array(
      fc.oneof(
        fc.tuple(person, minute).map((of) => identified(...of)),
        fc.tuple(person, minute).map((of) => unlinked(...of)),
      ),
    )
    fc.assert(
      fc.property(events, person, (log, person) => {
        const before = evolved(visitorDecider, log)
        const again = () => visitorDecider.decide(unlink(person), before, NOON)
        if (before.identified?.person !== person) return expect(again).toThrow(FunnelError)
        const after = again().reduce((state, event) => visitorDecider.evolve(state, { ...event, at: NOON }), before)
        expect(() => visitorDecider.decide(unlink(person), after, NOON)).toThrow(FunnelError)
      }),
    )
  })
})
