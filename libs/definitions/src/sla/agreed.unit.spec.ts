import { fileURLToPath } from 'node:url'
import { describe, expect, it } from '@jest/globals'
import type { FunnelEvent } from '@funnel/events'
import { defaultDefinitions, loadAllDefinitions } from '../load.js'
import { isPeriodic, type LeadPolicy } from './policy.js'
import { clockTerms, matches, termsFor } from './terms.js'

const shipped = loadAllDefinitions()
const demo = loadAllDefinitions([
  defaultDefinitions,
  fileURLToPath(new URL('../../../../examples/demo/definitions', import.meta.url)),
])
const leadPolicy = ({ policies }: typeof shipped, id: string): LeadPolicy => {
  const policy = policies.find((one) => one.id === id)
  if (!policy || isPeriodic(policy)) throw new Error(`there is no policy ${id} about leads`)
  return policy
}

describe('the promises that come with the platform', () => {
  it('row 27: are those of both teams', () => {
    const of = (party: string) => shipped.policies.filter((one) => one.party === party).map(({ id }) => id)
    expect(of('sales')).toEqual(['disposition', 'follow-up', 'handoff-acceptance', 'insight-report', 'lead-response'])
    expect(of('marketing')).toEqual(['data-at-handoff', 'mql-quality', 'mql-volume', 'rejected-feedback'])
  })

  it('row 20: are kept by what a person did, and not by an automatic reply or a campaign', () => {
    const touch = (kind: string, properties = {}) => ({ type: 'touchpoint.recorded', data: { kind, properties } })
    for (const id of ['lead-response', 'follow-up']) {
      const stops = (event: object) =>
        leadPolicy(shipped, id).stops.some((one) => matches(one, event as FunnelEvent, () => undefined))
      expect(stops(touch('call'))).toBe(true)
      expect(stops(touch('meeting'))).toBe(true)
      expect(stops(touch('email', { direction: 'outbound' }))).toBe(true)
      expect(stops(touch('email', { direction: 'outbound', automatic: true }))).toBe(false)
      expect(stops(touch('email', { direction: 'inbound' }))).toBe(false)
      expect(stops(touch('email'))).toBe(false)
      expect(stops(touch('page'))).toBe(false)
    }
  })

  it('ask of marketing what sales needs to know, at the handoff or soon after', () => {
    const [stop] = leadPolicy(shipped, 'data-at-handoff').stops
    const offered = { type: 'handoff.offered', data: {} } as FunnelEvent
    const known = (...fields: readonly string[]) =>
      matches(stop!, offered, (field) => (fields.includes(field) ? 'x' : undefined))
    expect(known('properties.segment', 'properties.origin')).toBe(true)
    expect(known('properties.segment')).toBe(false)
  })
})

describe('the promises of the demo company', () => {
  const policy = leadPolicy(demo, 'lead-response')
  const terms = (owner: string, fields: Readonly<Record<string, string | number>>) => {
    const { target, calendar } = clockTerms(
      policy,
      termsFor(policy, (field) => fields[field]),
      owner,
      demo,
    )
    return [target / 3_600_000, calendar]
  }

  it('row 15: give the leads of its territories and of demo requests terms of their own', () => {
    expect(terms('okoye', { 'properties.segment': 'enterprise', 'properties.origin': 'demo-request' })[0]).toBe(1)
    expect(terms('okoye', { 'properties.employees': 2400 })[0]).toBe(1)
    expect(terms('silva', { 'properties.segment': 'small', 'properties.origin': 'demo-request' })[0]).toBe(2)
    expect(terms('silva', { 'properties.segment': 'small' })[0]).toBe(4)
  })

  it('row 17: count in the hours of whoever has the lead, in two zones', () => {
    expect(['okoye', 'silva', 'novak', 'brandt', 'nobody'].map((owner) => terms(owner, {})[1])).toEqual([
      'berlin@1',
      'new-york@1',
      'berlin@1',
      'berlin@1/brandt',
      'new-york@1',
    ])
    expect(demo.calendars.map(({ id, zone }) => [id, zone])).toEqual([
      ['berlin', 'Europe/Berlin'],
      ['new-york', 'America/New_York'],
      ['office', 'UTC'],
    ])
  })
})
