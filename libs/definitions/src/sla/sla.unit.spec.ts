import { describe, expect, it } from '@jest/globals'
import type { FunnelEvent } from '@funnel/events'
import { loadAllDefinitions } from '../load.js'
import { definitionsFolder, funnel, head } from '../testing/folder.js'
import { timesOf } from './hours.js'
import type { LeadPolicy } from './policy.js'
import { clockTerms, matches, termsFor } from './terms.js'

const at = (text: string) => Date.parse(text)
const week = (...windows: readonly string[]) =>
  `week: { ${['mon', 'tue', 'wed', 'thu', 'fri'].map((day) => `${day}: [${windows.join(', ')}]`).join(', ')} }\n`
const files = {
  'funnel.yaml': funnel(),
  'teams/east.yaml': `${head('east')}side: sales\nmanager: nora\nmembers: [nora, olga]\n`,
  'teams/west.yaml': `${head('west')}side: sales\nmanager: paul\nmembers: [paul]\n`,
  // those of METRICS.md 4.12
  'calendars/ny.yaml':
    `${head('ny')}zone: America/New_York\n${week("{ from: '09:00', to: '17:00' }")}` +
    `exceptions: [{ from: '2026-07-03', working: false }]\nteams: [west]\n`,
  'calendars/be.yaml':
    `${head('be')}zone: Europe/Berlin\n${week("{ from: '08:00', to: '12:00' }", "{ from: '13:30', to: '18:00' }")}` +
    `teams: [east]\npeople:\n  - { person: olga, exceptions: [{ from: '2026-07-13', to: '2026-07-14', working: false, why: vacation }] }\n`,
  'sla/response.yaml': `${head('response')}party: sales
starts: [{ event: [handoff.accepted] }]
stops:
  - event: [touchpoint.recorded]
    where: { all: [{ field: kind, in: [call, meeting, email] }, { not: { field: properties.automatic, is: true } }] }
  - { event: [lead.advanced] }
recurs: once
terms:
  - where: { all: [{ field: properties.segment, is: enterprise }, { field: properties.country, is: DE }] }
    target: 15m
    calendar: { of: owner, otherwise: ny }
  - { where: { field: properties.segment, is: enterprise }, target: 30m, calendar: { of: owner, otherwise: ny } }
  - target: 1h
    calendar: { of: owner, otherwise: ny }
    warnings: [{ before: 15m }]
    escalations: [{ after: 0s }, { after: 4h, reassign: nora }]
`,
}
const folder = definitionsFolder()
const loaded = () => loadAllDefinitions([folder.write(files)])
/** When a clock that starts then is due, for a lead with these properties and this owner. */
function due(started: string, owner: string, properties: Readonly<Record<string, string>> = {}): string {
  const all = loaded()
  const policy = all.policies[0] as LeadPolicy
  const chosen = termsFor(policy, (field) => properties[field.replace('properties.', '')])
  const terms = clockTerms(policy, chosen, owner, all)
  return new Date(timesOf(all.calendars)(terms).add(at(started), terms.target)).toISOString()
}

describe('row 15: the terms of a policy', () => {
  it('are the first whose condition holds, the more specific before the less, and else the last', () => {
    expect(due('2026-07-13T09:00+02:00', 'nora', { segment: 'enterprise', country: 'DE' })).toBe(
      '2026-07-13T07:15:00.000Z',
    )
    expect(due('2026-07-13T09:00+02:00', 'nora', { segment: 'enterprise', country: 'FR' })).toBe(
      '2026-07-13T07:30:00.000Z',
    )
    expect(due('2026-07-13T09:00+02:00', 'nora')).toBe('2026-07-13T08:00:00.000Z')
  })
})

describe('rows 16, 17 and 18: a due time', () => {
  it('leaves out lunch', () => {
    expect(due('2026-07-13T11:45+02:00', 'nora', { segment: 'enterprise' })).toBe('2026-07-13T11:45:00.000Z')
  })

  it('is in the hours of the owner, who has those of the team unless a calendar names them', () => {
    expect(due('2026-07-13T14:00Z', 'nora')).toBe(new Date(at('2026-07-13T17:00+02:00')).toISOString())
    expect(due('2026-07-13T14:00Z', 'paul')).toBe(new Date(at('2026-07-13T11:00-04:00')).toISOString())
    expect(due('2026-07-13T14:00Z', 'somebody')).toBe(new Date(at('2026-07-13T11:00-04:00')).toISOString())
  })

  it('waits for an owner to come back from vacation', () => {
    expect(due('2026-07-13T14:00Z', 'olga')).toBe(new Date(at('2026-07-15T09:00+02:00')).toISOString())
  })

  it('is as METRICS.md 4.12 has it over a weekend', () => {
    expect(due('2026-07-10T16:30-04:00', 'paul')).toBe(new Date(at('2026-07-13T09:30-04:00')).toISOString())
    expect(due('2026-07-11T20:00-04:00', 'paul')).toBe(new Date(at('2026-07-13T10:00-04:00')).toISOString())
  })
})

describe('the terms of a clock', () => {
  it('name the policy and the hours with their versions, and the person whose exceptions count', () => {
    const all = loaded()
    const policy = all.policies[0] as LeadPolicy
    const of = (owner?: string) => clockTerms(policy, policy.terms[2]!, owner, all)
    expect(of('olga')).toEqual({
      policy: 'response@1',
      calendar: 'be@1/olga',
      target: 3_600_000,
      warnings: [900_000],
      escalations: [0, 14_400_000],
    })
    expect([of('nora').calendar, of('paul').calendar, of().calendar]).toEqual(['be@1', 'ny@1', 'ny@1'])
  })

  it('cannot be timed by a calendar that nobody knows', () => {
    expect(() => timesOf([])({ policy: 'p@1', calendar: 'ny@1', target: 1, warnings: [], escalations: [] })).toThrow(
      'there is no calendar ny@1',
    )
  })
})

describe('row 20: an act that stops a clock', () => {
  const touch = (data: object) => ({ type: 'touchpoint.recorded', data }) as FunnelEvent
  it('is one of a person, not an automatic reply', () => {
    const [act] = (loaded().policies[0] as LeadPolicy).stops
    expect(matches(act!, touch({ visitor: 'v', kind: 'call' }))).toBe(true)
    expect(matches(act!, touch({ visitor: 'v', kind: 'email', properties: { automatic: true } }))).toBe(false)
    expect(matches(act!, touch({ visitor: 'v', kind: 'page' }))).toBe(false)
    expect(matches(act!, { type: 'lead.advanced', data: { lead: 'l', stage: 'sql' } } as FunnelEvent)).toBe(false)
  })

  it('may be asked of the lead as it is known then', () => {
    const pattern = { event: ['lead.advanced'], lead: { field: 'properties.phone', known: true } }
    const event = { type: 'lead.advanced', data: { lead: 'l', stage: 'sql' } } as FunnelEvent
    expect(matches(pattern, event, () => undefined)).toBe(false)
    expect(matches(pattern, event, () => 'yes')).toBe(true)
  })
})

describe('mistakes in calendars and policies', () => {
  const mistakes = (name: keyof typeof files, from: string, to: string) => {
    const text = files[name]
    if (!text.includes(from)) throw new Error(`${name} has no ${from}`)
    return folder.mistakesOf({ ...files, [name]: text.replace(from, to) })
  }
  it.each<[keyof typeof files, string, string, string]>([
    ['sla/response.yaml', 'handoff.accepted', 'handoff.excepted', 'there is no event handoff.excepted'],
    ['sla/response.yaml', 'handoff.accepted', 'deal.won', 'deal.won is no event of a lead'],
    ['sla/response.yaml', 'field: kind', 'field: mind', 'touchpoint.recorded has no mind; it has visitor, kind'],
    [
      'sla/response.yaml',
      '  - target: 1h',
      '  - where: { field: owner, known: true }\n    target: 1h',
      'the last terms must take every lead',
    ],
    [
      'sla/response.yaml',
      'where: { field: properties.segment, is: enterprise }, target: 30m',
      'target: 30m',
      'they must be the last ones',
    ],
    [
      'sla/response.yaml',
      '{ field: properties.segment, is: enterprise }, target',
      '{ field: segment, is: x }, target',
      'a lead has no segment; it has owner',
    ],
    ['sla/response.yaml', 'otherwise: ny', 'otherwise: la', 'there is no calendar la; there are be, ny'],
    [
      'sla/response.yaml',
      'reassign: nora',
      'reassign: nobody',
      'there is no person nobody; there are nora, olga, paul',
    ],
    [
      'sla/response.yaml',
      'recurs: once',
      'recurs: once\npauses: [{ event: [lead.recycled] }]',
      'what pauses must go on again',
    ],
    ['sla/response.yaml', 'target: 1h', 'target: soon', 'terms.2.target must be a number and one of s, m, h, d, w'],
    ['sla/response.yaml', 'recurs: once\n', '', 'the definition lacks recurs'],
    ['calendars/ny.yaml', 'America/New_York', 'America/Old_York', 'America/Old_York'],
    ['calendars/ny.yaml', "to: '17:00'", "to: '08:00'", '08:00'],
    ['calendars/ny.yaml', 'teams: [west]', 'teams: [east]', 'east has the calendar be already'],
    ['calendars/be.yaml', 'person: olga', 'person: otto', 'there is no person otto'],
  ])('of %s: %s as %s', (name, from, to, message) => {
    const found = mistakes(name, from, to)
    expect(found.length).toBeGreaterThan(0)
    for (const mistake of found) expect(mistake).toMatch(new RegExp(`^${name.replace('.', '[.]')}:\\d+: `))
    expect(found.join('\n')).toContain(message)
  })

  it('of a promise about periods are told as such', () => {
    const period = `${head('volume')}party: marketing\nevery: { period: week, zone: Europe/Berlin }\npromise: { count: { event: [handoff.accepted] }, at_least: 25 }\n`
    const of = (from: string, to: string) =>
      folder.mistakesOf({ ...files, 'sla/volume.yaml': period.replace(from, to) }).join('\n')
    expect(of('', '')).toBe('')
    expect(of('Europe/Berlin', 'Europe/Bärlin')).toBe(
      'sla/volume.yaml:7: there is no time zone Europe/Bärlin; write a name such as Europe/Berlin',
    )
    expect(of('at_least: 25', 'at_least: 0')).toContain('sla/volume.yaml:8: promise.at_least must be >= 1')
    expect(of('period: week', 'period: day')).toContain('every.period must be one of week, month, quarter')
  })
})
