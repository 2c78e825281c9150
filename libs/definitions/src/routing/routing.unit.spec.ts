import { fileURLToPath } from 'node:url'
import { describe, expect, it } from '@jest/globals'
import { defaultDefinitions, loadAllDefinitions } from '../load.js'
import { ruleFor, territoryOf } from './routing.js'

const { territories, routings } = loadAllDefinitions([
  defaultDefinitions,
  fileURLToPath(new URL('../../../../examples/demo/definitions', import.meta.url)),
])
const [routing] = routings
const of = (properties: Readonly<Record<string, string | number>>) => {
  const valueOf = (field: string) => properties[field.replace('properties.', '')]
  return [territoryOf(territories, valueOf)?.id, ruleFor(routing!, territories, valueOf)]
}

describe('Routing', () => {
  it('takes the first rule that holds, and may ask for the territory', () => {
    expect(of({ segment: 'enterprise', origin: 'demo-request' })).toEqual(['enterprise', routing!.rules[0]])
    expect(of({ segment: 'small', origin: 'demo-request' })).toEqual(['commercial', routing!.rules[1]])
    expect(of({ employees: 12 })).toEqual(['commercial', routing!.rules[2]])
  })

  it('has a rule for every lead, also for one that is in no territory', () => {
    expect(of({})).toEqual([undefined, routing!.rules.at(-1)])
  })

  it('of several territories that want a lead takes the first by id, in whatever order they are given', () => {
    const where = { field: 'properties.country', known: true }
    const two = ['b', 'a'].map((id) => ({ ...territories[0]!, id, where }))
    expect(territoryOf(two, () => 'DE')?.id).toBe('a')
    expect(territoryOf(two.toReversed(), () => 'DE')?.id).toBe('a')
  })
})
