import { describe, expect, it } from '@jest/globals'
import { definitionsFolder, funnel, head, type Files } from './testing/folder.js'

const { mistakesOf } = definitionsFolder()
const team = (id: string, members = '[ann, bob]', manager = 'zoe') =>
  `${head(id)}side: sales\nmanager: ${manager}\nmembers: ${members}\n`
const queue = (members = '[{ member: ann, weight: 1 }]') => `${head('inbound')}members: ${members}\n`
const qualification = (engagement: string, stage = 'mql', fit = '{ field: owner, known: true }') =>
  `${head('mql')}stage: ${stage}\nfit: ${fit}\nengagement: ${engagement}\n`
const replied = '{ any: [{ event: lead.engaged, kind: [reply] }] }'
const routing = (rules: string, id = 'mql', stage = 'mql') => `${head(id)}stage: ${stage}\nrules: ${rules}\n`
const rule = '{ queue: inbound, deadline: 4h, fallback: zoe }'
const channels = (rules: string) => `${head('channels')}ignore: []\nrules: ${rules}\n`
const territory = (where: string, of = 'emea') => `${head('dach')}where: ${where}\nteam: ${of}\n`
const country = '{ field: properties.country, in: [DE] }'

/** Files that are right. */
const right: Files = {
  'funnel.yaml': funnel('accepted: sql\nconverted: sql\n'),
  'reasons/lost.yaml': `${head('lost')}reasons:\n  - { id: price, name: Price }\n  - { id: other, name: Other, note: true }\n`,
  'qualification/mql.yaml': qualification(replied),
  'teams/emea.yaml': team('emea'),
  'territories/dach.yaml': territory(country),
  'queues/inbound.yaml': queue(),
  'routing/mql.yaml': routing(`[{ where: { field: territory, is: dach }, ${rule.slice(2)}, ${rule}]`),
  'channels.yaml': channels('[{ where: { field: utm_medium, is: email }, channel: email }]'),
}

describe('Definitions of every kind', () => {
  it('may be right', () => {
    expect(mistakesOf(right)).toEqual([])
  })

  it.each<[file: string, text: string, mistake: string]>([
    ['funnel.yaml', funnel('accepted: sal\n'), '12: there is no stage sal; there are mql, sql'],
    ['funnel.yaml', funnel('converted: won\n'), '12: there is no stage won; there are mql, sql'],
    [
      'funnel.yaml',
      funnel().replace('owner: marketing', 'owner: marketing, entry: { rule: sql }'),
      '7: there is no qualification sql; there are mql',
    ],
    [
      'funnel.yaml',
      funnel().replace('name: SQL', 'name: SQL, entry: { rule: mql }'),
      '8: the qualification mql leads to mql, not to sql',
    ],
    ['funnel.yaml', funnel().replace('name: SQL', 'name: SQL, entry: 3'), '8: stages.1.entry must be string,object'],
    [
      'funnel.yaml',
      funnel().replace('name: SQL', 'name: SQL, skipped: counts'),
      '8: stages.1.skipped must be one of not-entered',
    ],

    ['reasons/lost.yaml', `${head('gone')}reasons: [{ id: a, name: A }]\n`, '1: id must be one of disqualified, '],
    [
      'reasons/lost.yaml',
      `${head('lost')}reasons:\n  - { id: other, name: Other }\n`,
      '7: other alone says nothing: it needs note: true',
    ],
    [
      'reasons/lost.yaml',
      `${head('lost')}reasons:\n  - { id: a, name: A }\n  - { id: a, name: B }\n`,
      '8: there is a reason a already',
    ],

    ['qualification/mql.yaml', qualification(replied, 'sal'), '6: there is no open stage sal; there are mql, sql'],
    [
      'qualification/mql.yaml',
      qualification('\n  any:\n    - { event: touchpoint.recorded }'),
      '10: name the kinds of touch that count: page, form, ad-click, meeting, event',
    ],
    [
      'qualification/mql.yaml',
      qualification('\n  any:\n    - event: touchpoint.recorded\n      kind:\n        - form\n        - email'),
      '13: a touch of kind email shows no interest of the lead; page, form, ad-click, meeting, event do, and an answer is a lead.engaged',
    ],
    ['qualification/mql.yaml', qualification('{}'), '8: engagement must have either any or all'],
    [
      'qualification/mql.yaml',
      qualification('{ any: [{ event: lead.engaged, within: 30 days }] }'),
      '8: engagement.any.0.within must be a number and one of s, m, h, d, w, such as 30d',
    ],
    [
      'qualification/mql.yaml',
      qualification(replied, 'mql', '{ all: [{ field: colour, is: red }] }'),
      '7: fit.all.0.field must be owner, account, first-touch.channel, first-touch.campaign or properties.<name>',
    ],
    [
      'qualification/mql.yaml',
      qualification(replied, 'mql', '\n  all:\n    - not:\n        field: owner'),
      '9: fit.all.0.not must be all, any or not of conditions, or a field with tests: is, in, starts_with, domain, at_least, at_most, known',
    ],
    [
      'qualification/mql.yaml',
      qualification(replied, 'mql', '{ field: owner, matches: a.* }'),
      '7: fit must be all, any or not of conditions, or a field with tests: ',
    ],

    ['teams/emea.yaml', team('emea', '[ann, bob@ours.example]'), '8: members.1 must be lower-case letters, digits, '],
    ['teams/emea.yaml', team('emea', '[ann, ann]'), '8: ann is listed twice'],
    ['teams/nordics.yaml', team('nordics', '\n  - carl\n  - bob'), '10: bob is in the team emea already'],
    ['territories/dach.yaml', territory(country, 'apac'), '7: there is no team apac; there are emea'],
    [
      'territories/dach.yaml',
      territory('{ field: territory, is: dach }'),
      '6: where.field must be owner, account, first-touch.channel, first-touch.campaign or properties.<name>',
    ],
    [
      'queues/inbound.yaml',
      queue('\n  - { member: ann, weight: 2 }\n  - { member: eve, weight: 1 }'),
      '8: eve is in no team; there are ann, bob, zoe',
    ],
    ['queues/inbound.yaml', queue('[{ member: ann, weight: 0 }]'), '6: members.0.weight must be >= 1'],
    [
      'queues/inbound.yaml',
      queue('\n  - { member: ann, weight: 2 }\n  - { member: ann, weight: 1 }'),
      '8: ann is listed twice',
    ],

    ['routing/mql.yaml', routing(`[${rule}]`, 'mql', 'sal'), '6: there is no stage sal; there are mql, sql'],
    [
      'routing/mql.yaml',
      routing('\n  - { queue: outbound, deadline: 4h, fallback: zoe }'),
      '8: there is no queue outbound; there are inbound',
    ],
    [
      'routing/mql.yaml',
      routing('\n  - { queue: inbound, deadline: 4h, fallback: eve }'),
      '8: eve is in no team; there are ann, bob, zoe',
    ],
    [
      'routing/mql.yaml',
      routing('\n  - { queue: inbound, deadline: soon, fallback: zoe }'),
      '8: rules.0.deadline must be',
    ],
    [
      'routing/mql.yaml',
      routing(
        `\n  - where: { field: territory, in: [dach, apac] }\n    ${rule.slice(2, -2).replaceAll(', ', '\n    ')}\n  - ${rule}`,
      ),
      '8: there is no territory apac; there are dach',
    ],
    [
      'routing/mql.yaml',
      routing(`\n  - where: ${country}\n    ${rule.slice(2, -2).replaceAll(', ', '\n    ')}`),
      '8: the last rule must take every lead: leave its where out',
    ],
    [
      'routing/mql.yaml',
      routing(`\n  - ${rule}\n  - ${rule}`),
      '8: a rule without where takes every lead: it must be the last one',
    ],
    ['routing/sql.yaml', routing(`[${rule}]`, 'sql', 'mql'), '6: mql routes leads of mql already'],

    [
      'channels.yaml',
      channels('\n  - { where: { field: utm_medium, in: [email, Newsletter] }, channel: email }'),
      '8: utm_medium is compared in lower case: write newsletter',
    ],
    [
      'channels.yaml',
      channels('[{ where: { field: gclidd, known: true }, channel: paid_search }]'),
      '7: rules.0.where.field must be referrer, a utm_ parameter or one of gclid, ',
    ],
    [
      'channels.yaml',
      channels('[{ where: { field: referrer, domain: [Google.com] }, channel: organic_search }]'),
      '7: rules.0.where.domain.0 must be a domain in lower case, such as example.com',
    ],
  ])('are wrong with another %s: %s', (file, text, mistake) => {
    const mistakes = mistakesOf({ ...right, [file]: text })
    expect(mistakes).toHaveLength(1)
    expect(mistakes[0]!.slice(0, file.length + 1 + mistake.length)).toBe(`${file}:${mistake}`)
  })
})
