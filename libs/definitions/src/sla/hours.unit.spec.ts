import { describe, expect, it } from '@jest/globals'
import { newClock, observe, standingAt, type Fact } from '@funnel/sla'
import { loadAllDefinitions } from '../load.js'
import { definitionsFolder, funnel, head, type Files } from '../testing/folder.js'
import { hoursFor, timesOf } from './hours.js'
import type { LeadPolicy, PolicyTerms } from './policy.js'
import { clockTerms } from './terms.js'

const week = (...windows: readonly (readonly [string, string])[]) =>
  ['mon', 'tue', 'wed', 'thu', 'fri']
    .map((day) => `\n  ${day}: [${windows.map(([from, to]) => `{ from: "${from}", to: "${to}" }`).join(', ')}]`)
    .join('')
const files: Files = {
  'funnel.yaml': funnel(),
  'teams/americas.yaml': `${head('americas')}side: sales\nmanager: zoe\nmembers: [ann, carl]\n`,
  'teams/emea.yaml': `${head('emea')}side: sales\nmanager: yan\nmembers: [bob, dora]\n`,
  'calendars/ny.yaml': `${head('ny').replace('version: 1', 'version: 2')}zone: America/New_York\nweek:${week(['09:00', '17:00'])}
exceptions: [{ from: "2026-07-03", working: false, why: Independence Day }]
teams: [americas]
people: [{ person: dora, exceptions: [{ from: "2026-07-13", to: "2026-07-17", working: false, why: on leave }] }]\n`,
  'calendars/be.yaml': `${head('be')}zone: Europe/Berlin\nweek:${week(['08:00', '12:00'], ['13:30', '18:00'])}
teams: [emea]
people: [{ person: carl }]\n`,
  'calendars/always.yaml': `${head('always')}zone: Europe/Berlin\nweek: always\n`,
}
const { write } = definitionsFolder()
const terms = (calendar?: PolicyTerms['calendar'], target = '1h'): PolicyTerms => ({
  target,
  ...(calendar && { calendar }),
})
const ofOwner = { of: 'owner', otherwise: 'always' } as const
const ofTeam = { of: 'team', otherwise: 'always' } as const
const agreed = () => loadAllDefinitions([write(files)])

describe('The hours that count', () => {
  it('row 17: are those of the calendar that names the owner, else of their team, else the one agreed for all others', () => {
    const definitions = agreed()
    const of = (calendar: PolicyTerms['calendar'], owner?: string) => hoursFor(terms(calendar), owner, definitions)
    expect(['ann', 'zoe', 'bob', 'carl', 'dora', 'eve', undefined].map((owner) => of(ofOwner, owner))).toEqual([
      'ny@2',
      'ny@2',
      'be@1',
      'be@1',
      'ny@2/dora',
      'always@1',
      'always@1',
    ])
    expect(['ann', 'carl', 'dora', 'eve'].map((owner) => of(ofTeam, owner))).toEqual([
      'ny@2',
      'ny@2',
      'be@1',
      'always@1',
    ])
    expect(of({ id: 'be' }, 'ann')).toBe('be@1')
    expect(of(undefined, 'ann')).toBeUndefined()
  })

  it('are compiled once by name, and all time counts without one', () => {
    const timeOf = timesOf(agreed().calendars)
    const at = (calendar?: string) =>
      timeOf({ policy: 'p@1', target: 1, warnings: [], escalations: [], ...(calendar && { calendar }) })
    expect(at('ny@2')).toBe(at('ny@2'))
    expect(at('ny@2/dora')).not.toBe(at('ny@2'))
    expect(at().add(0, 5)).toBe(5)
    expect(() => at('ny@1')).toThrow('there is no calendar ny@1')
  })
})

describe('Deadlines of clocks under terms', () => {
  const policy: LeadPolicy = {
    id: 'response',
    version: 1,
    name: 'Response',
    description: 'It.',
    owners: { marketing: 'Ann', sales: 'Bob' },
    party: 'sales',
    recurs: 'once',
    starts: [{ event: ['handoff.accepted'] }],
    stops: [{ event: ['lead.advanced'] }],
    terms: [terms()],
  }
  const dueOf = (
    target: string,
    owner: string | undefined,
    calendar: PolicyTerms['calendar'],
    ...facts: readonly Fact[]
  ) => {
    const definitions = agreed()
    const timeOf = timesOf(definitions.calendars)
    const judged = clockTerms(policy, terms(calendar, target), owner, definitions)
    const clock = facts
      .map((fact) => (fact.type === 'start' ? { ...fact, terms: judged } : fact))
      .reduce((clock, fact) => observe(clock, fact, timeOf).clock, newClock)
    const standing = standingAt(clock, facts.at(-1)!.occurred, timeOf)
    return standing?.due
  }
  const fact = (type: 'start' | 'pause' | 'resume', occurred: string): Fact => {
    const at = Date.parse(occurred)
    return { id: `${type}-${at}`, type, occurred: at, recorded: at } as Fact
  }
  const iso = (at: number | undefined) => new Date(at ?? Number.NaN).toISOString()

  it.each([
    ['ann', '2026-07-10T16:30-04:00', '1h', '2026-07-13T09:30-04:00'],
    ['ann', '2026-07-11T20:00-04:00', '1h', '2026-07-13T10:00-04:00'],
    ['ann', '2026-07-02T16:00-04:00', '2h', '2026-07-06T10:00-04:00'],
    ['ann', '2026-07-13T17:00-04:00', '1s', '2026-07-14T09:00:01-04:00'],
  ])('row 18: of %s from %s by %s are due %s, across weekends and holidays', (owner, start, target, due) => {
    expect(iso(dueOf(target, owner, ofOwner, fact('start', start)))).toBe(iso(Date.parse(due)))
  })

  it.each([
    ['bob', '2026-07-13T11:45+02:00', '30m', '2026-07-13T13:45+02:00'],
    ['bob', '2026-07-13T12:30+02:00', '15m', '2026-07-13T13:45+02:00'],
  ])('row 16: of %s from %s by %s are due %s, over lunch', (owner, start, target, due) => {
    expect(iso(dueOf(target, owner, ofOwner, fact('start', start)))).toBe(iso(Date.parse(due)))
  })

  it.each([
    ['an owner in Berlin', 'bob', '2026-07-13T17:00+02:00'],
    ['an owner in New York', 'ann', '2026-07-13T11:00-04:00'],
    ['an owner in New York who is on leave that week', 'dora', '2026-07-20T10:00-04:00'],
  ])('row 17: of one lead at 14:00Z are those of %s', (_, owner, due) => {
    expect(iso(dueOf('1h', owner, ofOwner, fact('start', '2026-07-13T14:00Z')))).toBe(iso(Date.parse(due)))
  })

  it.each([
    ['2026-03-28T12:00+01:00', '2026-03-29T13:00+02:00'],
    ['2026-10-24T12:00+02:00', '2026-10-25T11:00+01:00'],
  ])('row 18: by 24 hours from %s are due %s, where clocks change and all hours count', (start, due) => {
    expect(iso(dueOf('24h', undefined, ofOwner, fact('start', start)))).toBe(iso(Date.parse(due)))
  })

  it('row 19: move by the time that they were paused for', () => {
    const facts = [
      fact('start', '2026-07-13T09:00-04:00'),
      fact('pause', '2026-07-13T10:00-04:00'),
      fact('resume', '2026-07-15T10:00-04:00'),
    ]
    expect(iso(dueOf('4h', 'ann', ofOwner, ...facts))).toBe(iso(Date.parse('2026-07-15T13:00-04:00')))
  })
})
