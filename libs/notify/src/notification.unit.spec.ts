import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from '@jest/globals'
import type { FunnelEvent } from '@funnel/events'
import type { Destination } from './destinations/destination.js'
import { messageOf } from './message.js'
import { notificationsOf } from './notification.js'

const golden = (name: string, data: object = {}): FunnelEvent => {
  const file = fileURLToPath(new URL(`../../events/src/golden/${name}.v1.json`, import.meta.url))
  const event = JSON.parse(readFileSync(file, 'utf8')) as FunnelEvent
  return { ...event, data: { ...event.data, historical: undefined, ...data } } as unknown as FunnelEvent
}
const desk = (filter: Partial<Destination>, id = 'desk'): Destination =>
  ({
    id,
    type: 'slack',
    url: 'https://example.com',
    events: ['sla.warned', 'sla.breached', 'sla.escalated', 'sla.corrected', 'handoff.feedback-raised'],
    ...filter,
  }) as Destination
const told = (event: FunnelEvent, ...destinations: Destination[]) =>
  notificationsOf(event, destinations).map(({ destination }) => destination)

describe('notifications of an event', () => {
  it('go to the destinations that want such events of this party, team and policy', () => {
    const event = golden('sla.breached', { party: 'sales', team: 'enterprise', policy: 'lead-response' })
    expect(
      told(
        event,
        desk({}, 'all'),
        desk({ events: ['sla.warned'] }, 'warnings'),
        desk({ party: 'sales' }, 'sales'),
        desk({ party: 'marketing' }, 'marketing'),
        desk({ team: 'enterprise' }, 'team'),
        desk({ team: 'smb' }, 'other-team'),
        desk({ policies: ['a', 'lead-response'] }, 'policy'),
        desk({ policies: ['a'] }, 'other-policy'),
      ),
    ).toEqual(['all', 'sales', 'team', 'policy'])
  })

  it('row 23: go to the destinations that the policy names, whatever these want themselves', () => {
    const event = golden('sla.escalated', { notify: ['boss', 'gone'] })
    expect(told(event, desk({ events: ['sla.breached'] }, 'boss'), desk({ events: ['sla.breached'] }, 'desk'))).toEqual(
      ['boss'],
    )
  })

  it('have an id of event and destination', () => {
    const [a, b] = notificationsOf(golden('sla.breached'), [desk({}, 'a'), desk({}, 'b')])
    expect(notificationsOf(golden('sla.breached'), [desk({}, 'b'), desk({}, 'a')]).map(({ id }) => id)).toEqual([
      b!.id,
      a!.id,
    ])
    expect(a!.id).not.toBe(b!.id)
  })

  it('of what is historical or was imported there are none', () => {
    expect(told(golden('sla.breached', { historical: true }), desk({}))).toEqual([])
    expect(told({ ...golden('handoff.feedback-raised'), importid: 'i' }, desk({}))).toEqual([])
    expect(told(golden('sla.met'), desk({}))).toEqual([])
  })

  it('feedback is for marketing', () => {
    const event = golden('handoff.feedback-raised')
    expect(told(event, desk({ party: 'marketing' }, 'm'), desk({ party: 'sales' }, 's'))).toEqual(['m'])
  })
})

describe('a message', () => {
  const text = (name: string, data: object) => messageOf(golden(name, data) as never).text
  it('says what was promised, by whom, about what, when it was due and how late it is', () => {
    expect(text('sla.escalated', { at: '2026-01-05T16:10:00.000Z', due: '2026-01-05T14:00:00.000Z', level: 2 })).toBe(
      'Still broken, level 2: lead-response, lead lead-1; promised by sales, team enterprise, owner ann (version 2); due 2026-01-05 14:00 UTC; 2 h 10 min late',
    )
    expect(
      text('sla.corrected', { lateness: 90, outcome: 'ended', corrects: { outcome: 'breached', event: 'e' } }),
    ).toMatch(/^Corrected from breached to ended: .*; 1 min late in time that counts$/)
  })

  it('of a period names the period, and of feedback the reason', () => {
    expect(text('sla.breached', { lead: undefined, started: '2026-01-05T00:00:00.000Z' })).toContain(
      'period from 2026-01-05',
    )
    expect(text('handoff.feedback-raised', { reason: 'not-now', channel: 'paid', campaign: undefined })).toMatch(
      /^Feedback: lead .* was rejected: not-now, channel paid$/,
    )
  })
})
