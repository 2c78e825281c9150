import { describe, expect, it } from '@jest/globals'
import type { FunnelEvent } from '@funnel/events'
import type { Condition } from '../condition/condition.js'
import type { EventPattern, LeadPolicy, PolicyTerms } from './policy.js'
import { versionsOf } from '../versions.js'
import { clockTerms, matches, termsFor } from './terms.js'

const event = (type: string, data: object = {}) => ({ type, data }) as Pick<FunnelEvent, 'type' | 'data'>
const known = (fields: Readonly<Record<string, string>>) => (field: string) => fields[field]
const policy = (...terms: readonly PolicyTerms[]): LeadPolicy => ({
  id: 'response',
  version: 3,
  name: 'Response',
  description: 'It.',
  owners: { marketing: 'Ann', sales: 'Bob' },
  party: 'sales',
  recurs: 'once',
  starts: [{ event: ['handoff.accepted'] }],
  stops: [{ event: ['lead.advanced'] }],
  terms,
})
const segment = (is: string): Condition => ({ field: 'properties.segment', is })

describe('A pattern of events', () => {
  it('takes the events that it names, whatever else they say', () => {
    const pattern: EventPattern = { event: ['handoff.accepted', 'lead.assigned'] }
    expect(matches(pattern, event('lead.assigned', { lead: 'l', owner: 'ann' }))).toBe(true)
    expect(matches(pattern, event('lead.advanced', { lead: 'l' }))).toBe(false)
  })

  it('row 20: leaves automatic replies out where it asks for human ones', () => {
    const human: EventPattern = {
      event: ['touchpoint.recorded'],
      where: {
        all: [{ field: 'kind', in: ['email', 'call'] }, { not: { field: 'properties.automatic', is: true } }],
      },
    }
    const touch = (kind: string, properties?: object) => event('touchpoint.recorded', { kind, properties })
    expect(matches(human, touch('email', { automatic: true }))).toBe(false)
    expect(matches(human, touch('email', { automatic: false }))).toBe(true)
    expect(matches(human, touch('call'))).toBe(true)
    expect(matches(human, touch('page'))).toBe(false)
  })

  it('asks the lead as it is known after the event; without a lead only the event', () => {
    const pattern: EventPattern = {
      event: ['lead.advanced'],
      where: { field: 'stage', is: 'sql' },
      lead: segment('smb'),
    }
    const advanced = event('lead.advanced', { stage: 'sql' })
    expect(matches(pattern, advanced, known({ 'properties.segment': 'smb' }))).toBe(true)
    expect(matches(pattern, advanced, known({}))).toBe(false)
    expect(matches(pattern, advanced)).toBe(true)
    expect(matches(pattern, event('lead.advanced', { stage: 'sal' }))).toBe(false)
  })

  it('finds no value in what every object has, nor in a list or an object', () => {
    const asks = (field: string): EventPattern => ({ event: ['lead.captured'], where: { field, known: true } })
    const captured = event('lead.captured', { properties: { 'a.b': 1, toString: null } })
    expect(matches(asks('properties.a.b'), captured)).toBe(true)
    for (const field of ['constructor', 'properties', 'properties.toString', 'properties.a', 'lead'])
      expect([field, matches(asks(field), captured)]).toEqual([field, false])
  })
})

describe('The terms of a lead', () => {
  const terms = policy(
    { where: { all: [segment('enterprise'), { field: 'owner', is: 'ann' }] }, target: '30m' },
    { where: segment('enterprise'), target: '1h' },
    { target: '4h' },
  )

  it('row 15: are the first that hold, so the more specific ones, and the last where none else does', () => {
    expect(termsFor(terms, known({ 'properties.segment': 'enterprise', owner: 'ann' })).target).toBe('30m')
    expect(termsFor(terms, known({ 'properties.segment': 'enterprise', owner: 'bob' })).target).toBe('1h')
    expect(termsFor(terms, known({})).target).toBe('4h')
  })

  it('row 26: name the policy with its version, and give times in milliseconds', () => {
    const some: PolicyTerms = {
      target: '1h',
      warnings: [{ before: '10m' }, { before: '5m' }],
      escalations: [{ after: '0s' }, { after: '1d', pause: true }],
    }
    expect(clockTerms(policy(some), some, 'ann', { calendars: [], teams: [] })).toEqual({
      policy: 'response@3',
      target: 3_600_000,
      warnings: [600_000, 300_000],
      escalations: [0, 86_400_000],
    })
  })

  it('row 26: are those of the version in force at the start of a clock, whatever is applied later', () => {
    const noon = Date.parse('2026-07-13T12:00Z')
    const [before, after] = [policy({ target: '4h' }), { ...policy({ target: '1h' }), version: 4 }]
    const applied = {
      definition: 'sla/response',
      version: 4,
      effective: noon,
      recorded: noon,
      hash: '',
      content: after,
    }
    const { at } = versionsOf(
      { policies: [before], calendars: [], teams: [] },
      { applied: [applied], firstBusiness: 1 },
    )
    const startedAt = (instant: number) => {
      const agreed = at(instant)
      const judge = agreed.policies[0] as LeadPolicy
      const { policy: name, target } = clockTerms(judge, termsFor(judge, known({})), 'ann', agreed)
      return [name, target / 3_600_000]
    }
    expect(startedAt(noon - 1)).toEqual(['response@3', 4])
    expect(startedAt(noon + 1)).toEqual(['response@4', 1])
  })
})
