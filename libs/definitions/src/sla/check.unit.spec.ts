import { describe, expect, it } from '@jest/globals'
import { definitionsFolder, funnel, head, type Files } from '../testing/folder.js'

const { mistakesOf } = definitionsFolder()
const team = `${head('emea')}side: sales\nmanager: zoe\nmembers: [ann, bob]\n`
const calendar = (
  more = '',
  week = '{ mon: [{ from: "09:00", to: "17:00" }] }',
  zone = 'Europe/Berlin',
  id = 'berlin',
) => `${head(id)}zone: ${zone}\nweek: ${week}\n${more}`
const policy = (more = '', terms = '[{ target: 4h }]', starts = '[{ event: [handoff.accepted] }]') =>
  `${head('response')}party: sales\nrecurs: once\nstarts: ${starts}\nstops: [{ event: [lead.advanced] }]\nterms: ${terms}\n${more}`
const period = (promise = '{ count: { event: [handoff.accepted] }, at_least: 10 }', zone = 'Europe/Berlin') =>
  `${head('volume')}party: marketing\nevery: { period: week, zone: ${zone} }\npromise: ${promise}\n`

/** Files that are right. */
const right: Files = {
  'funnel.yaml': funnel(),
  'teams/emea.yaml': team,
  'calendars/berlin.yaml': calendar('holidays: { country: DE }\nteams: [emea]\npeople: [{ person: ann }]\n'),
  'sla/response.yaml': policy(
    'pauses: [{ event: [lead.recycled] }]\nresumes: [{ event: [lead.qualified] }]\ncancels: [{ event: [lead.converted] }]\n',
    `
  - where: { field: properties.segment, is: enterprise }
    target: 1h
    calendar: { of: owner, otherwise: berlin }
    warnings: [{ before: 15m, notify: [sales-ops] }]
    escalations: [{ after: 0s, reassign: zoe }, { after: 1d, pause: true }]
  - target: 4h
    calendar: { id: berlin }`,
    '[{ event: [handoff.accepted], where: { field: owner, known: true }, lead: { field: stage, is: sql } }]',
  ),
  'sla/volume.yaml': period(),
  'sla/quality.yaml': period(
    '{ of: { event: [handoff.accepted] }, among: { event: [handoff.offered] }, at_least: 0.6, sample: 20 }',
  ).replace('id: volume', 'id: quality'),
}

const whole = policy().replace('id: response', 'id: whole')

describe('Policies that are parts of others', () => {
  const mistakes = (parent: string, others: Files) =>
    mistakesOf({ ...right, 'sla/response.yaml': policy(`parent: ${parent}\n`), ...others })

  it('may be right', () => {
    expect(mistakes('whole', { 'sla/whole.yaml': whole })).toEqual([])
  })

  it('must be parts of one that there is, that is about leads, and that is no part of them', () => {
    const [missing] = mistakes('hole', { 'sla/whole.yaml': whole })
    expect(missing).toMatch(/sla.response[.]yaml:11: there is no policy hole about leads; there are response, whole$/)
    const [periodic] = mistakes('volume', {})
    expect(periodic).toMatch(/sla.response[.]yaml:11: volume is about periods; only a promise about leads has parts$/)
    expect(mistakes('response', {})).toEqual([expect.stringMatching(/:11: .*response is in response$/)])
    const circle = mistakes('whole', { 'sla/whole.yaml': `${whole}parent: response\n` })
    expect(circle).toEqual([
      expect.stringMatching(/sla.response[.]yaml:11: .*response is in whole is in response$/),
      expect.stringMatching(/sla.whole[.]yaml:11: .*whole is in response is in whole$/),
    ])
  })
})

describe('Policies and calendars', () => {
  it('may be right', () => {
    expect(mistakesOf(right)).toEqual([])
  })

  it.each<[file: string, text: string, mistake: string]>([
    ['calendars/berlin.yaml', calendar('', undefined, 'Europe/Bonn'), '6: there is no zone Europe/Bonn; name one'],
    [
      'calendars/berlin.yaml',
      calendar('', '{ mon: [{ from: "9:00", to: "17:00" }] }'),
      '7: week.mon.0.from must be a time',
    ],
    [
      'calendars/berlin.yaml',
      calendar('', '{ mon: [{ from: "17:00", to: "09:00" }] }'),
      '7: mon 17:00 to 09:00: ends before',
    ],
    [
      'calendars/berlin.yaml',
      calendar('', '{ mon: [{ from: "08:00", to: "12:00" }, { from: "11:30", to: "18:00" }] }'),
      '7: mon: a window overlaps the next one',
    ],
    ['calendars/berlin.yaml', calendar('', 'sometimes'), '7: week must be always, or have windows for some of mon, '],
    ['calendars/berlin.yaml', calendar('', '{}'), '7: week must be always, or have windows for some of'],
    [
      'calendars/berlin.yaml',
      calendar('holidays: { country: DE, region: XX }\n'),
      '8: there are no holidays of the region XX of DE; there are BB, ',
    ],
    [
      'calendars/berlin.yaml',
      calendar('exceptions: [{ from: "2026-12-24", to: "2026-12-23", working: false }]\n'),
      '8: exception 2026-12-24 to 2026-12-23: ends before it begins',
    ],
    [
      'calendars/berlin.yaml',
      calendar(
        'people:\n  - { person: ann }\n  - person: bob\n    exceptions: [{ from: "2026-02-30", working: false }]\n',
      ),
      '10: personal exception 2026-02-30: is no date',
    ],
    ['calendars/berlin.yaml', calendar('teams: [apac]\n'), '8: there is no team apac; there are emea'],
    [
      'calendars/berlin.yaml',
      calendar('people: [{ person: eve }]\n'),
      '8: there is no person eve; there are ann, bob, zoe',
    ],
    [
      'calendars/paris.yaml',
      calendar('teams: [emea]\n', undefined, undefined, 'paris'),
      '8: emea has the calendar berlin already',
    ],
    [
      'calendars/paris.yaml',
      calendar('people: [{ person: ann }]\n', undefined, undefined, 'paris'),
      '8: ann has the calendar berlin already',
    ],

    ['sla/response.yaml', policy().replace('recurs: once\n', ''), '1: the definition lacks recurs'],
    [
      'sla/response.yaml',
      policy('', '[{ target: 4 hours }]'),
      '10: terms.0.target must be a number and one of s, m, h, d, w',
    ],
    [
      'sla/response.yaml',
      policy('', undefined, '\n  - event: [handoff.accepted]\n  - event: [handoff.offered, handoff.done]'),
      '10: there is no event handoff.done that a promise can be about',
    ],
    [
      'sla/response.yaml',
      policy('', undefined, '[{ event: [sla.breached] }]'),
      '8: there is no event sla.breached that',
    ],
    ['sla/response.yaml', policy('', undefined, '[{ event: [deal.won] }]'), '8: deal.won is no event of a lead'],
    [
      'sla/response.yaml',
      policy(
        '',
        undefined,
        '\n  - event: [handoff.accepted]\n    where:\n      not:\n        field: stag\n        is: sql',
      ),
      '12: handoff.accepted has no stag; it has lead, handoff, owner, stage',
    ],
    [
      'sla/response.yaml',
      policy('', undefined, '\n  - event: [handoff.accepted]\n    lead:\n      field: colour\n      is: red'),
      '11: a lead has no colour; it has owner, account, stage, ',
    ],
    [
      'sla/response.yaml',
      policy('pauses: [{ event: [lead.recycled] }]\n'),
      '11: what pauses must go on again: say what resumes',
    ],
    ['sla/response.yaml', policy('resumes: [{ event: [lead.recycled] }]\n'), '11: nothing pauses; leave resumes out'],
    [
      'sla/response.yaml',
      policy('', '\n  - where: { field: owner, is: ann }\n    target: 4h'),
      '11: the last terms must take every lead: leave their where out',
    ],
    [
      'sla/response.yaml',
      policy('', '\n  - target: 1h\n  - target: 4h'),
      '11: terms without where take every lead: they must be',
    ],
    [
      'sla/response.yaml',
      policy('', '\n  - where: { field: kind, is: reply }\n    target: 1h\n  - target: 4h'),
      '11: a lead has no kind; it has owner, ',
    ],
    [
      'sla/response.yaml',
      policy('', '\n  - target: 1h\n    warnings:\n      - before: 30m\n      - before: 60m'),
      '14: 60m before it is due it has not begun: there are 1h',
    ],
    [
      'sla/response.yaml',
      policy('', '\n  - target: 1h\n    calendar: { id: paris }'),
      '12: there is no calendar paris; there are berlin',
    ],
    [
      'sla/response.yaml',
      policy('', '\n  - target: 1h\n    calendar: { of: team, otherwise: paris }'),
      '12: there is no calendar paris; there are berlin',
    ],
    ['sla/response.yaml', policy('', '[{ target: 1h, calendar: { of: lead, id: berlin } }]'), '10: terms.0.calendar'],
    [
      'sla/response.yaml',
      policy('', '\n  - target: 1h\n    escalations:\n      - { after: 0s }\n      - { after: 1h, reassign: emea }'),
      '14: there is no person emea; there are ann, bob, zoe',
    ],

    ['sla/volume.yaml', period(undefined, 'Bonn'), '7: there is no time zone Bonn; write a name such as Europe/Berlin'],
    [
      'sla/volume.yaml',
      period('{ count: { event: [handoff.gone] }, at_least: 1 }'),
      '8: there is no event handoff.gone that',
    ],
    ['sla/volume.yaml', period().replace('period: week', 'period: day'), '7: every.period must be one of week, month,'],
    ['sla/volume.yaml', period('{ at_least: 1 }'), '8: promise must have either count and at_least, or of, among, '],
    [
      'sla/volume.yaml',
      period('{ count: { event: [handoff.accepted], lead: { field: owner, is: ann } }, at_least: 1 }'),
      '8: a promise about periods counts events; leave lead out',
    ],
  ])('are wrong with another %s: %s', (file, text, mistake) => {
    const mistakes = mistakesOf({ ...right, [file]: text })
    expect(mistakes.map((one) => one.slice(0, file.length + 1 + mistake.length))).toEqual([`${file}:${mistake}`])
  })
})
