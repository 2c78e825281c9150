import { rmSync } from 'node:fs'
import { describe, expect, it } from '@jest/globals'
import { grainOf, measures, reasonsFor, type Approvals, type Measure } from './definitions.js'
import { definitionHash, definitionsHash, foldHash } from './hash.js'
import { kinds, type Kind } from './kinds.js'
import {
  defaultDefinitions,
  definitionFolders,
  loadAllDefinitions,
  loadDefinitions,
  readDefinitions,
  readDraft,
  readDrafts,
} from './load.js'
import { definitionsFolder, funnel, head } from './testing/folder.js'

const { at, write, mistakesOf } = definitionsFolder()
const kpi = (id: string, formula: string, unit = 'count', grain = 'lead') =>
  `${head(id)}unit: ${unit}\ngrain: ${grain}\nformula: ${formula}\n`
const dimension = (id: string, sources: string) => `${head(id)}sources: ${sources}\n`

/** The mistakes of a folder that has but this KPI beside a funnel. */
const ofKpi = (...is: Parameters<typeof kpi>) => mistakesOf({ 'funnel.yaml': funnel(), 'kpis/k.yaml': kpi(...is) })

describe('the definitions that come with the platform', () => {
  const definitions = loadDefinitions()

  it('are right, and have the KPIs of both teams', () => {
    const ids = definitions.kpis.map(({ id }) => id)
    for (const id of [
      'leads',
      'touches',
      'stage-entries',
      'lead-to-won',
      'mql-to-sql',
      'deals-opened',
      'deals-won',
      'deals-lost',
      'win-rate',
      'won-revenue',
      'deals-open',
      'open-pipeline',
      ...['sales-cycle', 'lead-cycle'].flatMap((cycle) => ['mean', 'median', 'p90'].map((stat) => `${cycle}-${stat}`)),
    ])
      expect(ids).toContain(id)
  })

  it('row 1: have stages in order, each with its type, when it is entered, and the team that answers for it', () => {
    const { stages } = loadAllDefinitions().funnel
    expect(stages.map(({ id, type, owner }) => [id, type, owner])).toEqual([
      ['mql', 'open', 'marketing'],
      ['sal', 'open', 'sales'],
      ['sql', 'open', 'sales'],
      ['opportunity', 'open', 'sales'],
      ['customer', 'won', 'sales'],
      ['disqualified', 'lost', 'sales'],
    ])
    for (const { entry } of stages) expect(entry).toBeTruthy()
    expect(stages[0]!.entry).toEqual({ rule: 'mql' })
  })

  it('are plain JSON', () => {
    expect(JSON.parse(JSON.stringify(definitions))).toEqual(definitions)
  })

  it('come in every kind but those that name people, approved by both teams; what the numbers depend on is the least of them', () => {
    const files = readDefinitions()
    const people: readonly Kind[] = ['team', 'territory', 'queue', 'routing']
    for (const kind of kinds) expect([kind, files[kind].length > 0]).toEqual([kind, !people.includes(kind)])
    for (const { approved } of kinds.flatMap((kind): readonly { approved: Approvals }[] => files[kind]))
      expect(approved).toEqual({ marketing: expect.any(String), sales: expect.any(String) })
    expect(Object.keys(definitions)).toEqual(['funnel', 'dimensions', 'kpis', 'teams'])
    expect(loadAllDefinitions()).toMatchObject(definitions)
    expect(loadAllDefinitions().reasons.map(({ id }) => id)).toEqual([...reasonsFor].toSorted())
  })

  it('say in a file of its own what each KPI and dimension is', () => {
    expect(new Set(definitions.kpis.map(({ description }) => description)).size).toBeGreaterThan(10)
    expect(definitions.dimensions.map(({ id }) => id)).toEqual([
      'campaign',
      'channel',
      'origin',
      'owner',
      'party',
      'policy',
      'reason',
      'segment',
    ])
  })
})

describe('several folders', () => {
  it('are named in one setting, after those of the platform', () => {
    expect(definitionFolders(undefined)).toEqual([defaultDefinitions])
    expect(definitionFolders('')).toEqual([defaultDefinitions])
    expect(definitionFolders(' ours, more ,')).toEqual([defaultDefinitions, 'ours', 'more'])
  })

  it('add up; of two definitions with one id the later counts', () => {
    write({
      'a/funnel.yaml': funnel(),
      'a/kpis/leads.yaml': kpi('leads', '{ sum: { measure: lead.captured } }'),
    })
    write({
      'b/kpis/mine.yaml': kpi('leads', '{ sum: { measure: stage.entered } }'),
      'b/dimensions/region.yaml': dimension('region', '{ lead: { from: properties.region } }'),
    })
    const { kpis, dimensions } = loadDefinitions([at('a'), at('b')])
    expect(kpis.map(({ id, formula }) => [id, formula])).toEqual([['leads', { sum: { measure: 'stage.entered' } }]])
    expect(dimensions.map(({ id }) => id)).toEqual(['region'])
  })

  it('may bring a funnel of their own, and the last one counts', () => {
    write({ 'a/funnel.yaml': funnel(), 'b/funnel.yaml': funnel('', 'ours'), 'c/funnel.yaml': funnel() })
    const of = (...names: string[]) => loadDefinitions(names.map((name) => at(name))).funnel.id
    expect([of('a', 'b'), of('a', 'b', 'c')]).toEqual(['ours', 'funnel'])
  })

  it('are checked together: a KPI may count a stage of another folder', () => {
    write({
      'kpis/disqualified.yaml': kpi('gone', '{ sum: { measure: stage.entered, where: { stage: disqualified } } }'),
    })
    expect(loadDefinitions([defaultDefinitions, at()]).kpis.some(({ id }) => id === 'gone')).toBe(true)
  })
})

describe('a mistake', () => {
  it('is told with its file and line, and all of them at once', () => {
    expect(
      mistakesOf({
        'funnel.yaml': funnel(),
        'kpis/a.yaml': kpi('a', '{ sum: { measure: lead.capture } }'),
        'kpis/b.yaml': kpi('b', '\n  sum:\n    measure: stage.entered\n    where:\n      stage: mqx'),
        'dimensions/c.yaml': dimension('c', '{ lead: { from: colour } }'),
      }),
    ).toEqual([
      'dimensions/c.yaml:6: sources.lead.from must be owner, reason, properties.<name>, first-touch.channel or first-touch.campaign',
    ])
    rmSync(at('dimensions'), { recursive: true })
    expect(mistakesOf({})).toEqual([
      `kpis/a.yaml:8: there is no measure lead.capture; there are ${Object.keys(measures).join(', ')}`,
      'kpis/b.yaml:12: there is no stage mqx; there are mql, sql',
    ])
  })

  it('may be a folder that is not there, or holds nothing', () => {
    expect(() => loadDefinitions([at('nowhere')])).toThrow('there is no such folder')
    expect(() => loadDefinitions([at()])).toThrow('neither funnel.yaml nor')
    expect(() =>
      loadDefinitions([write({ 'kpis/k.yaml': kpi('k', '{ sum: { measure: touch } }', 'count', 'touch') })]),
    ).toThrow('there is no funnel.yaml')
  })

  it('may be YAML that is none, or a file that is no definition', () => {
    expect(mistakesOf({ 'funnel.yaml': `${head('funnel')}stages: [` })[0]).toMatch(/^funnel\.yaml:\d+: .+/)
    expect(mistakesOf({ 'funnel.yaml': '' })).toEqual(['funnel.yaml:1: the definition must be object'])
    expect(mistakesOf({ 'funnel.yaml': `${funnel()}id: again\n` })[0]).toMatch(/^funnel\.yaml:\d+: .*unique/i)
  })

  it('may be a part that is inside itself', () => {
    const mistakes = mistakesOf({ 'funnel.yaml': funnel(), 'kpis/k.yaml': kpi('k', '&all { sum: *all }') })
    expect(mistakes).toEqual([expect.stringMatching(/^kpis\/k\.yaml:1: cannot be read: .*circular/i)])
  })

  it('may be a field that is missing, unknown or of another kind', () => {
    expect(mistakesOf({ 'funnel.yaml': funnel('colour: red\n') })).toEqual([
      'funnel.yaml:12: the definition has a field colour that is not known',
    ])
    expect(mistakesOf({ 'funnel.yaml': funnel().replace('version: 1\n', '') })).toEqual([
      'funnel.yaml:1: the definition lacks version',
    ])
    // one that was the time of day: the read models could not hold it, and folding stopped for good
    expect(mistakesOf({ 'funnel.yaml': funnel().replace('version: 1\n', 'version: 202611270930\n') })).toEqual([
      'funnel.yaml:2: version must be <= 2147483647',
    ])
    expect(ofKpi('k', '{ sum: { measure: lead.captured } }', 'things')).toEqual([
      'kpis/k.yaml:6: unit must be one of count, ratio, money, duration',
    ])
  })

  it('in a formula is told of the branch that was meant', () => {
    expect(ofKpi('k', '{ elapsed: { measure: deal.won, stat: max } }', 'duration', 'deal')).toEqual([
      'kpis/k.yaml:8: formula.elapsed.stat must be one of mean, median, p90',
    ])
    expect(ofKpi('k', '{ total: { measure: deal.won } }')).toEqual([
      'kpis/k.yaml:8: formula must be one of sum, stock, ratio, conversion, elapsed (see definitions/README.md)',
    ])
    expect(ofKpi('k', '{ sum: {} }')).toEqual(['kpis/k.yaml:8: formula.sum must have either measure or measures'])
  })
})

describe('the checks between definitions', () => {
  it('find an id that is used twice in one folder', () => {
    const same = kpi('k', '{ sum: { measure: lead.captured } }')
    expect(mistakesOf({ 'funnel.yaml': funnel(), 'kpis/a.yaml': same, 'kpis/b.yaml': same })).toEqual([
      'kpis/b.yaml:1: kpi k is defined already at kpis/a.yaml:1',
    ])
  })

  it.each([
    [
      '{ id: mql, name: Again, type: open, owner: sales }',
      'there is a milestone mql already; name the stage otherwise',
    ],
    ['{ id: won, name: Won, type: won, owner: sales }', 'there is a milestone won already; name the stage otherwise'],
    [
      '{ id: captured, name: C, type: open, owner: sales }',
      'there is a milestone captured already; name the stage otherwise',
    ],
  ])('find a stage whose name is taken: %s', (stage, message) => {
    const text = `${head('funnel')}stages:\n  - { id: mql, name: MQL, type: open, owner: marketing }\n  - ${stage}\nconversions: []\n`
    expect(mistakesOf({ 'funnel.yaml': text })).toEqual([`funnel.yaml:8: ${message}`])
  })

  it.each([
    ['{ from: mql, to: sqll }', 'there is no milestone sqll; there are captured, mql, sql, won'],
    ['{ from: won, to: mql }', 'nothing is counted from won on; begin earlier'],
    ['{ from: mql, to: mql }', 'a conversion leads from one milestone to another'],
    ['{ from: mql, to: sql }', 'mql to sql is listed twice'],
  ])('find a conversion that cannot be booked: %s', (pair, message) => {
    expect(mistakesOf({ 'funnel.yaml': funnel(`  - ${pair}\n`) })).toEqual([`funnel.yaml:12: ${message}`])
  })

  it.each([
    ['stage', '{ lead: { from: owner } }', '1: every entry has its stage already; name the dimension otherwise'],
    ['region', '{ deal: { from: lead } }', '6: deals cannot take region from their lead, leads have no source for it'],
    [
      'channel',
      '{ lead: { from: first-touch.channel, value: at_event } }',
      '6: what comes from first-touch.channel is always as known now; write latest, or leave value out',
    ],
    [
      'why',
      '{ deal: { from: reason, value: latest } }',
      '6: a reason is that of the event which gives it; write at_event, or leave value out',
    ],
    [
      'why',
      '{ lead: { from: reason }, deal: { from: lead } }',
      '6: a reason is that of the event which gives it; write reason, deals have their own',
    ],
    ['team', '{ deal: { from: account, attribute: team } }', '6: only an owner has a team, account has none'],
    ['team', '{ lead: { from: owner, attribute: boss } }', '6: sources.lead.attribute must be one of team, manager'],
  ])('find a dimension %s that cannot be: %s', (id, sources, message) => {
    expect(mistakesOf({ 'funnel.yaml': funnel(), 'dimensions/d.yaml': dimension(id, sources) })).toEqual([
      `dimensions/d.yaml:${message}`,
    ])
  })

  it.each<[formula: string, unit: string, grain: string, message: string]>([
    ['{ sum: { measure: toString } }', 'count', 'lead', '8: there is no measure toString; there are'],
    ['{ sum: { measure: deal.open } }', 'count', 'deal', '8: deal.open is a stock; write stock'],
    ['{ stock: { measure: deal.won } }', 'count', 'deal', '8: deal.won is a flow; write sum'],
    ['{ sum: { measure: deal.won.value } }', 'count', 'deal', '6: the formula gives a money, not a count'],
    ['{ sum: { measure: deal.won } }', 'money', 'deal', '6: the formula gives a count, not a money'],
    ['{ sum: { measure: deal.won } }', 'count', 'lead', '7: deal.won counts by deal, not by lead'],
    ['{ sum: { measures: [deal.won, deal.won.value] } }', 'count', 'deal', '8: a count and a value cannot be added up'],
    ['{ sum: { measures: [deal.won, deal.open] } }', 'count', 'deal', '8: a flow and a stock cannot be added up'],
    ['{ sum: { measure: lead.captured, where: { stage: mql } } }', 'count', 'lead', '8: lead.captured has no stage'],
    [
      '{ stock: { measure: lead.in-stage, where: { stage: x } } }',
      'count',
      'lead',
      '8: there is no stage x; there are mql, sql',
    ],
    [
      '{ conversion: { from: mql, to: won } }',
      'ratio',
      'lead',
      '8: the conversion mql>won is not booked; funnel.yaml lists',
    ],
    ['{ conversion: { from: mql, to: sql } }', 'count', 'lead', '6: the formula gives a ratio, not a count'],
    ['{ conversion: { from: mql, to: sql } }', 'ratio', 'deal', '7: a conversion counts by lead, not by deal'],
    [
      '{ conversion: { from: mql, to: sql, window: 30 days } }',
      'ratio',
      'lead',
      '8: formula.conversion.window must be a number and one of',
    ],
    ['{ elapsed: { measure: deal.opened, stat: mean } }', 'duration', 'deal', '8: deal.opened takes no time'],
    ['{ elapsed: { measure: converted, stat: mean } }', 'duration', 'lead', '8: converted needs where'],
    [
      '{ elapsed: { measure: converted, where: { stage: sql>mql }, stat: mean } }',
      'duration',
      'lead',
      '8: the conversion sql>mql is not booked',
    ],
    [
      '{ ratio: { numerator: { measure: deal.won }, denominator: { measure: deal.won.value } } }',
      'ratio',
      'deal',
      '8: numerator and denominator must be of one kind',
    ],
    [
      '{ ratio: { numerator: { measure: deal.won.value }, denominator: { measure: deal.open } } }',
      'money',
      'deal',
      '8: numerator and denominator must be of one kind',
    ],
    [
      '{ ratio: { numerator: { measure: deal.won.value }, denominator: { measure: deal.won } } }',
      'ratio',
      'deal',
      '6: the formula gives a money, not a ratio',
    ],
    [
      '{ ratio: { numerator: { measure: deal.won.value }, denominator: { measure: deal.lost.value } } }',
      'money',
      'deal',
      '6: the formula gives a ratio, not a money',
    ],
  ])('find a KPI that cannot be: %s as %s by %s', (formula, unit, grain, message) => {
    const mistakes = ofKpi('k', formula, unit, grain)
    expect(mistakes).toHaveLength(1)
    expect(mistakes[0]!.slice(0, 'kpis/k.yaml:'.length + message.length)).toBe(`kpis/k.yaml:${message}`)
  })

  it.each<[formula: string, unit: string, grain: string]>([
    ['{ sum: { measures: [deal.won, deal.lost] } }', 'count', 'deal'],
    ['{ stock: { measure: deal.open.value, where: { stage: anything } } }', 'money', 'deal'],
    ['{ conversion: { from: mql, to: sql, window: 30d } }', 'ratio', 'lead'],
    ['{ elapsed: { measure: converted, where: { stage: mql>sql }, stat: p90 } }', 'duration', 'lead'],
    [
      '{ ratio: { numerator: { measure: deal.won.value }, denominator: { measures: [deal.won.value, deal.lost.value] } } }',
      'ratio',
      'deal',
    ],
    ['{ ratio: { numerator: { measure: deal.won.value }, denominator: { measure: deal.won } } }', 'money', 'deal'],
    ['{ ratio: { numerator: { measure: deal.open.value }, denominator: { measure: deal.open } } }', 'money', 'deal'],
  ])('let pass %s', (...is) => {
    expect(ofKpi('k', ...is)).toEqual([])
  })
})

describe('approvals', () => {
  it('stand beside the definition, not in it, and may be missing while it is a draft', () => {
    write({
      'a/funnel.yaml': funnel('approved: { marketing: Mia }\n'),
      'a/kpis/leads.yaml': kpi('leads', '{ sum: { measure: lead.captured } }'),
    })
    const { funnel: funnels, kpi: kpis } = readDefinitions([at('a')])
    expect(funnels).toMatchObject([{ approved: { marketing: 'Mia' } }])
    expect(funnels[0]!.value).not.toHaveProperty('approved')
    expect(kpis).toMatchObject([{ approved: {} }])
  })

  it('are of somebody, in one of the two teams', () => {
    expect(mistakesOf({ 'funnel.yaml': funnel('approved: { marketing: "" }\n') })).toEqual([
      'funnel.yaml:12: approved.marketing must NOT have fewer than 1 characters',
    ])
    expect(mistakesOf({ 'funnel.yaml': funnel('approved: { finance: Fay }\n') })).toEqual([
      'funnel.yaml:12: approved has a field finance that is not known',
    ])
  })
})

describe('the hashes', () => {
  const definitions = loadDefinitions()

  it('name the content, whatever the order of its fields', () => {
    const turned = Object.fromEntries(Object.entries(definitions).toReversed()) as unknown as typeof definitions
    expect(definitionsHash(turned)).toBe(definitionsHash(definitions))
    expect(definitionsHash({ ...definitions, kpis: [] })).not.toBe(definitionsHash(definitions))
  })

  it('tell a change that needs a rebuild from one that does not', () => {
    const { funnel, dimensions } = definitions
    const needsRebuild = (change: Partial<typeof definitions>) =>
      foldHash({ ...definitions, ...change }) !== foldHash(definitions)
    const words = {
      name: 'Another',
      description: 'In other words.',
      version: 9,
      owners: { marketing: 'a', sales: 'b' },
    }
    expect(needsRebuild({ kpis: [] })).toBe(false)
    expect(needsRebuild({ dimensions: dimensions.map((one) => ({ ...one, ...words })) })).toBe(false)
    const stages = funnel.stages.map((stage) => ({ ...stage, name: 'Another', entry: 'In other words.' }))
    expect(needsRebuild({ funnel: { ...funnel, ...words, stages, accepted: 'sql' } })).toBe(false)

    const teams = [{ ...words, id: 'dach', side: 'sales' as const, manager: 'ines', members: ['jan'] }]
    expect(needsRebuild({ teams })).toBe(false)
    const byTeam = dimensions.map((one) => ({
      ...one,
      sources: { lead: { from: 'owner', attribute: 'team' as const } },
    }))
    const hashOf = (some: typeof teams) => foldHash({ ...definitions, dimensions: byTeam, teams: some })
    expect(hashOf(teams)).not.toBe(hashOf([]))
    expect(hashOf(teams)).not.toBe(hashOf([{ ...teams[0]!, manager: 'lena' }]))
    expect(hashOf(teams)).toBe(hashOf([{ ...teams[0]!, version: 10 }]))
    const first = { version: 1, effective: 0, recorded: 0, hash: '' }
    const applied = [{ ...first, definition: 'dimension/of-team', content: byTeam[0] }]
    expect(foldHash({ ...definitions, teams }, { applied })).not.toBe(foldHash(definitions, { applied }))

    expect(needsRebuild({ dimensions: [] })).toBe(true)
    expect(
      needsRebuild({ dimensions: dimensions.map((one) => ({ ...one, sources: { lead: { from: 'owner' } } })) }),
    ).toBe(true)
    expect(needsRebuild({ funnel: { ...funnel, stages: funnel.stages.toReversed() } })).toBe(true)
    expect(needsRebuild({ funnel: { ...funnel, conversions: [] } })).toBe(true)
  })

  it('name one definition by its content', () => {
    expect(definitionHash({ id: 'a', version: 1 })).toBe(definitionHash({ version: 1, id: 'a' }))
    expect(definitionHash({ id: 'a', version: 1 })).not.toBe(definitionHash({ id: 'a', version: 2 }))
  })
})

describe('every measure', () => {
  it.each(Object.keys(measures) as Measure[])('%s counts touches, leads, deals, persons or clocks', (measure) => {
    const [family] = measure.split('.')
    expect(grainOf(measure)).toBe({ touch: 'touch', deal: 'deal', person: 'person', sla: 'clock' }[family!] ?? 'lead')
  })
})

describe('a draft in a file of its own', () => {
  it('comes in the place of the one with its id, and is checked with all others', () => {
    write({
      'a/funnel.yaml': funnel(),
      'a/kpis/leads.yaml': kpi('leads', '{ sum: { measure: lead.captured } }'),
      'elsewhere.yaml': kpi('leads', '{ sum: { measure: stage.entered, where: { stage: sql } } }'),
      'wrong.yaml': kpi('leads', '{ sum: { measure: stage.entered, where: { stage: none } } }'),
    })
    const { draft, definitions } = readDraft('kpi', at('elsewhere.yaml'), [at('a')])
    expect(draft.formula).toEqual({ sum: { measure: 'stage.entered', where: { stage: 'sql' } } })
    expect(definitions.kpis).toEqual([draft])
    expect(() => readDraft('kpi', at('wrong.yaml'), [at('a')])).toThrow(/wrong[.]yaml:8: there is no stage none/)
    expect(() => readDraft('kpi', at('none.yaml'), [at('a')])).toThrow(/none[.]yaml:1: cannot be read/)
  })

  it('tells its kind by its fields, and several come together', () => {
    write({
      'b/funnel.yaml': funnel(),
      'team.yaml': `${head('sales')}side: sales\nmanager: mona\nmembers: [sam]\n`,
      'queue.yaml': `${head('inbound')}members: [{ member: sam, weight: 1 }]\n`,
      'other.yaml': kpi('leads', '{ sum: { measure: lead.captured } }'),
    })
    const kinds = ['queue', 'team'] as const
    const { drafts, definitions } = readDrafts([at('queue.yaml'), at('team.yaml')], kinds, [at('b')])
    expect(drafts.map(({ kind, value }) => `${kind}/${value.id}`)).toEqual(['queue/inbound', 'team/sales'])
    expect(drafts.map(({ value }) => value)).toEqual([...definitions.queues, ...definitions.teams])
    expect(() => readDrafts([at('queue.yaml')], kinds, [at('b')])).toThrow(/queue[.]yaml:\d+: sam is in no team/)
    expect(() => readDrafts([at('other.yaml')], kinds, [at('b')])).toThrow(
      /other[.]yaml:1: .* none of queue \(has members\), team \(has side\)/,
    )
    expect(() => readDrafts([at('none.yaml')], kinds, [at('b')])).toThrow(/none[.]yaml:1: cannot be read/)
  })
})
