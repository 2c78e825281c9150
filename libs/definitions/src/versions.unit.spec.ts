import { describe, expect, it } from '@jest/globals'
import type { FunnelEvent, Recorded } from '@funnel/events'
import type { Definitions } from './definitions.js'
import { inForce, nothingApplied, withRecords, type Applied } from './in-force.js'
import { loadDefinitions } from './load.js'
import { rebased, versionsOf } from './versions.js'

const base = loadDefinitions()
const [kpi] = base.kpis
const [dimension] = base.dimensions
const funnel = (version: number) => ({ ...base.funnel, version })
const applied = (
  definition: string,
  content: { readonly id?: string; readonly version: number },
  recorded: number,
): Applied => ({
  definition,
  version: content.version,
  effective: recorded,
  recorded,
  hash: '',
  content,
})

describe('The definitions in force', () => {
  it('are the base where the log says nothing, one object at every instant', () => {
    const { at } = versionsOf(base, { applied: [applied('queue/q', funnel(1), 5)], firstBusiness: 1 })
    expect(at(0)).toBe(base)
    expect(at(100)).toBe(base)
  })

  it('are each of its own version, and one object between two changes', () => {
    const { at } = versionsOf(base, {
      applied: [
        applied('funnel/funnel', funnel(2), 10),
        applied(`kpi/${kpi!.id}`, { ...kpi!, version: 3 }, 20),
        applied('dimension/new', { ...dimension!, id: 'new', version: 1 }, 30),
      ],
      firstBusiness: 1,
    })
    expect(at(10)).toEqual(base)
    expect(at(11).funnel.version).toBe(2)
    expect(at(11).kpis).toEqual(base.kpis)
    expect(at(20)).toBe(at(11))
    expect(at(21).kpis[0]!.version).toBe(3)
    expect(at(30).dimensions).toEqual(base.dimensions)
    expect(at(31).dimensions.map(({ id }) => id)).toEqual([...base.dimensions.map(({ id }) => id), 'new'].toSorted())
    expect(at(1e15)).toBe(at(31))
    expect(at(-1e15)).toBe(at(10))
  })

  it('are all to be had of a KPI, also one that is still to come', () => {
    const later = { ...applied(`kpi/${kpi!.id}`, { ...kpi!, version: 4 }, 30), effective: 1000 }
    const versions = versionsOf(base, {
      applied: [applied(`kpi/${kpi!.id}`, { ...kpi!, version: 3 }, 20), later],
      firstBusiness: 1,
    })
    const all = versions.kpis.filter(({ id }) => id === kpi!.id).map(({ version }) => version)
    expect(all).toEqual([kpi!.version, 3, 4])
    expect(versions.periods.map(({ from }) => from)).toEqual([Number.NEGATIVE_INFINITY, 21, 1000])
    expect(versions.at(999).kpis[0]!.version).toBe(3)
  })

  it('leave a funnel of another id alone', () => {
    expect(versionsOf(base, { applied: [applied('funnel/other', funnel(2), 10)], firstBusiness: 1 }).at(50)).toBe(base)
  })
})

describe('The history of what was applied', () => {
  const record = (recorded: number, type: FunnelEvent['type'], data: object = {}) =>
    ({ recorded, event: { type, data } }) as unknown as Recorded<FunnelEvent>
  const apply = (recorded: number) =>
    record(recorded, 'definition.applied', {
      definition: 'kpi/k',
      version: 1,
      effective: new Date(recorded).toISOString(),
      hash: 'h',
      content: {},
    })

  it('grows with the records, begins business with the first of a touch, lead or deal, and else stays as it is', () => {
    const one = withRecords(nothingApplied, [apply(5)])
    expect(one).toMatchObject({ applied: [{ definition: 'kpi/k', recorded: 5, effective: 5 }] })
    const two = withRecords(one, [
      record(6, 'queue.staffed'),
      record(7, 'person.merged'),
      record(8, 'deal.won'),
      apply(9),
    ])
    expect(two.firstBusiness).toBe(8)
    expect(two.applied).toHaveLength(2)
    expect(withRecords(two, [record(10, 'lead.captured')])).toBe(two)
    expect(inForce(two, 'kpi/k', 0)?.recorded).toBe(5)
  })
})

describe('The base under other files', () => {
  const files: Definitions = {
    funnel: funnel(2),
    dimensions: [...base.dimensions, { ...dimension!, id: 'zone' }],
    kpis: base.kpis.map((one) => ({ ...one, version: 2 })),
    teams: [],
  }

  it('is the files where nothing was applied', () => {
    expect(rebased(base, files, new Set())).toBe(files)
  })

  it('stays as it was for what was applied, also as none', () => {
    const now = rebased(base, files, new Set(['funnel/funnel', 'dimension/zone', `kpi/${kpi!.id}`]))
    expect(now.funnel).toBe(base.funnel)
    expect(now.dimensions).toEqual(base.dimensions)
    expect(now.kpis).toEqual(files.kpis.with(0, kpi!))
  })
})
