import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import type { Value } from '../condition/condition.js'
import { loadAllDefinitions } from '../load.js'
import { missingFor } from './missing.js'
import { qualifies, type LeadFacts, type Qualification } from './qualification.js'

const DAY = 86_400_000
const NOW = Date.UTC(2026, 0, 31)
type Done = LeadFacts['events'][number]
const did = (id: string, type: Done['type'], kind: string, daysAgo = 0): Done => ({
  id,
  type,
  kind,
  at: NOW - daysAgo * DAY,
})
const touch = (id: string, kind: string, daysAgo?: number) => did(id, 'touchpoint.recorded', kind, daysAgo)
const engaged = (id: string, kind: string, daysAgo?: number) => did(id, 'lead.engaged', kind, daysAgo)
/** Each field told by an event of its own, `told-<name>`. */
const facts = (properties: Readonly<Record<string, Value>>, events: readonly Done[]): LeadFacts => ({
  fields: new Map(
    Object.entries(properties).map(([name, value]) => [`properties.${name}`, { value, event: `told-${name}` }]),
  ),
  events,
})

const rule: Pick<Qualification, 'fit' | 'engagement'> = {
  fit: { field: 'properties.segment', in: ['small', 'enterprise'] },
  engagement: {
    any: [
      { event: 'touchpoint.recorded', kind: ['form', 'meeting'], at_least: 2, within: '30d' },
      { event: 'lead.engaged', kind: ['reply'] },
    ],
  },
}
const judge = (
  events: readonly Done[],
  properties: Readonly<Record<string, Value>> = { segment: 'small' },
  of = rule,
) => qualifies(of as Qualification, facts(properties, events), NOW)

describe('A qualification rule', () => {
  it('(row 5) names the events that show the fit and the engagement', () => {
    expect(judge([touch('a', 'form', 3), touch('b', 'page', 2), touch('c', 'meeting', 1)])).toEqual([
      'told-segment',
      'a',
      'c',
    ])
    expect(judge([engaged('r', 'reply')])).toEqual(['told-segment', 'r'])
  })

  it('(row 5) of the company that comes with the platform is not met by mails and calls of ours that nobody answers', () => {
    const [mql] = loadAllDefinitions().qualifications
    const mails = Array.from({ length: 50 }, (_, i) => touch(`m${i}`, i % 2 ? 'email' : 'call'))
    const of = (events: readonly Done[]) => qualifies(mql!, facts({ segment: 'small' }, events), NOW)
    expect(of(mails)).toBeUndefined()
    expect(of([...mails, engaged('r', 'reply')])).toEqual(['told-segment', 'r'])
  })

  it('needs both: a lead that fits but did nothing, and one that is busy but does not fit, do not meet it', () => {
    expect(judge([])).toBeUndefined()
    expect(judge([engaged('r', 'reply')], { segment: 'student' })).toBeUndefined()
    expect(judge([engaged('r', 'reply')], {})).toBeUndefined()
  })

  it('counts neither other kinds nor other events of the same kind', () => {
    expect(judge([touch('a', 'form'), touch('b', 'page')])).toBeUndefined()
    expect(judge([touch('a', 'reply'), engaged('b', 'form'), engaged('c', 'meeting')])).toBeUndefined()
  })

  it('counts what lies within the time, its far end excluded, and nothing that comes later', () => {
    expect(judge([touch('a', 'form', 30), touch('b', 'form', 1)])).toBeUndefined()
    expect(judge([touch('a', 'form', 29.999), touch('b', 'form', 0)])).toEqual(['told-segment', 'a', 'b'])
    expect(judge([touch('a', 'form', 1), touch('b', 'form', -0.001)])).toBeUndefined()
  })

  it('counts an event once, and names the earliest that suffice', () => {
    expect(judge([touch('a', 'form'), touch('a', 'form')])).toBeUndefined()
    expect(judge([touch('d', 'form', 1), touch('b', 'form', 3), touch('c', 'form', 2)])).toEqual([
      'told-segment',
      'b',
      'c',
    ])
  })

  it('may want several ways to engage at once', () => {
    const both = { ...rule, engagement: { all: 'any' in rule.engagement ? rule.engagement.any : [] } }
    const forms = [touch('a', 'form'), touch('b', 'form')]
    expect(judge(forms, undefined, both)).toBeUndefined()
    expect(judge([engaged('r', 'reply'), ...forms], undefined, both)).toEqual(['told-segment', 'a', 'b', 'r'])
  })

  it('names at most 100 events, each once', () => {
    const wide = {
      fit: { all: Array.from({ length: 90 }, (_, i) => ({ field: `properties.p${i % 80}`, known: true })) },
      engagement: { all: [{ event: 'lead.engaged' as const, at_least: 50 }] },
    }
    const properties = Object.fromEntries(Array.from({ length: 80 }, (_, i) => [`p${i}`, i]))
    const ids = judge(
      Array.from({ length: 60 }, (_, i) => engaged(`e${i}`, 'reply')),
      properties,
      wide,
    )!
    expect(ids).toHaveLength(100)
    expect(new Set(ids).size).toBe(100)
  })

  const events = fc.array(
    fc.record({
      id: fc.integer({ min: 0, max: 12 }).map(String),
      type: fc.constantFrom('touchpoint.recorded' as const, 'lead.engaged' as const),
      kind: fc.constantFrom('form', 'meeting', 'reply', 'email'),
      at: fc.integer({ min: -40, max: 2 }).map((days) => NOW + days * DAY),
    }),
    { maxLength: 12 },
  )
  const byId = (events: readonly Done[]) => [...new Map(events.map((event) => [event.id, event])).values()]

  it('once met is met by whoever did more, and does not mind the order', () => {
    fc.assert(
      fc.property(events, events, (some, more) => {
        const one = byId(some)
        const both = byId([...more, ...some])
        const met = judge(one)
        expect(judge(one.toReversed())).toEqual(met)
        if (met) expect(judge(both)).toBeDefined()
      }),
    )
  })

  it('is met by the very events that it names', () => {
    fc.assert(
      fc.property(events, (some) => {
        const one = byId(some)
        const met = judge(one)
        if (met) expect(judge(one.filter(({ id }) => met.includes(id)))).toEqual(met)
      }),
    )
  })

  it('says what is missing exactly where it is not met', () => {
    const segments = fc.constantFrom('small', 'student', undefined)
    fc.assert(
      fc.property(events, segments, fc.boolean(), (some, segment, all) => {
        const of = {
          ...rule,
          engagement: all && 'any' in rule.engagement ? { all: rule.engagement.any } : rule.engagement,
        }
        const known = facts(segment === undefined ? {} : { segment }, byId(some))
        const missing = missingFor(of as Qualification, known, NOW)
        expect(missing.length === 0).toBe(qualifies(of as Qualification, known, NOW) !== undefined)
      }),
    )
  })

  it('says what is missing in words, with what is known and how much was done', () => {
    const [mql] = loadAllDefinitions().qualifications
    const known = facts({ employees: 5, role: 'student' }, [touch('a', 'form', 3)])
    expect(missingFor(mql!, known, NOW)).toEqual([
      'properties.segment is small or mid-market or enterprise, or properties.employees is at least 20, or properties.origin is demo-request; but properties.segment is unknown, properties.employees is 5, properties.origin is unknown',
      'not (properties.role is student or job-seeker); but properties.role is student',
      '1 × lead.engaged reply or meeting-booked or meeting-held or demo-requested (so far 0), or 1 × touchpoint.recorded meeting (so far 0), or 2 × touchpoint.recorded form or event within 30d (so far 1)',
    ])
  })
})
