import { describe, expect, it } from '@jest/globals'
import { versionsOf, type Applied } from '@funnel/definitions'
import { everyDimension as base, team } from '../fold/testing/definitions.js'
import type { Question } from './question.js'
import { usedVersions } from './used.js'

const applied = (definition: string, content: object, version: number, recorded: number): Applied => ({
  definition,
  version,
  effective: recorded,
  recorded,
  hash: '',
  content: { ...content, version },
})
const [dimension] = base.dimensions
const name = `dimension/${dimension!.id}`
const { version } = dimension!
const versions = versionsOf(base, {
  applied: [
    applied('funnel/funnel', base.funnel, 2, 99),
    applied(name, dimension!, version + 1, 199),
    applied('team/t1', team('t1', 'zoe', []), 2, 249),
    applied('dimension/new', { ...dimension!, id: 'new' }, 1, 299),
  ],
  firstBusiness: 1,
})
const kpi = (grain: 'lead' | 'deal') => ({ ...base.kpis[0]!, grain })
const used = (question: Partial<Question>, grain: 'lead' | 'deal' = 'lead', w: number | null = 1000) =>
  usedVersions({ kpi: 'k', by: [], filters: [], ...question }, kpi(grain), versions, w).map(
    ({ definition, version, from }) => `${definition}@${version}${from === undefined ? '' : ` from ${from}`}`,
  )

describe('The versions that an answer used', () => {
  it('are those of the funnel for leads, and of the dimensions that are asked', () => {
    expect(used({})).toEqual(['funnel/funnel@1', 'funnel/funnel@2 from 100'])
    expect(used({}, 'deal')).toEqual([])
    expect(used({ by: ['stage', dimension!.id] }, 'deal')).toEqual([
      `${name}@${version}`,
      `${name}@${version + 1} from 200`,
    ])
    expect(used({ filters: [{ dimension: 'new', values: [], none: true }] }, 'deal')).toEqual([
      'dimension/new@1 from 300',
    ])
  })

  it('are those of the teams, too, where a dimension asks for them', () => {
    expect(used({ by: ['lead_of'] }, 'deal')).toEqual([
      'dimension/lead_of@1',
      'team/t1@1',
      'team/t1@2 from 250',
      'team/t2@1',
    ])
  })

  it('are those in the period, whose end does not belong to it', () => {
    expect(used({ from: 100 })).toEqual(['funnel/funnel@2 from 100'])
    expect(used({ from: 99 })).toEqual(['funnel/funnel@1', 'funnel/funnel@2 from 100'])
    expect(used({ to: 100 })).toEqual(['funnel/funnel@1'])
    expect(used({ to: 101 })).toHaveLength(2)
    expect(used({ asOf: 99 })).toHaveLength(1)
    expect(used({ asOf: 100 })).toHaveLength(2)
    expect(used({}, 'lead', 99)).toHaveLength(1)
  })

  it('are none that were applied after what the answer knows, however far the watermark has come', () => {
    expect(used({ knownAt: 99 })).toEqual(['funnel/funnel@1'])
    expect(used({ knownAt: 100 })).toHaveLength(2)
    expect(used({ knownAt: 2000 })).toHaveLength(2)
  })

  it('are none before anything is folded', () => {
    expect(used({}, 'lead', null)).toEqual([])
  })
})
