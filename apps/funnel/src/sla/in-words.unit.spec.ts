import { describe, expect, it } from '@jest/globals'
import { Clock, ClockState, Event } from '@funnel/query-api'
import { inWords } from './in-words.js'
import { formatSpan, standingOf } from './standing.js'

const at = (hour: number) => new Date(Date.UTC(2026, 0, 5) + hour * 3_600_000)
const iso = (hour: number) => at(hour).toISOString()
const clock = Clock.fromPartial({
  clock: 'lead-response/s',
  policy: 'lead-response',
  policyVersion: 2,
  party: 'sales',
  lead: 'l',
  owner: 'ann',
  state: ClockState.CLOCK_STATE_RUNNING,
  startedAt: at(10),
  dueAt: at(14),
})
const event = (hour: number, type: string, said: object) =>
  Event.fromPartial({
    id: `id-${type}`,
    type: `sla.${type}`,
    occurredAt: at(hour),
    recordedAt: at(hour),
    dataJson: JSON.stringify({
      calendar: 'office',
      calendarVersion: 3,
      zoneData: '2026a',
      holidayData: 'date-holidays 3.1.0',
      owner: 'ann',
      start: 's',
      started: iso(10),
      ...said,
    }),
  })

describe('a time span', () => {
  it.each([
    [0, '0 s'],
    [999, '1 s'],
    [61_000, '1 min 1 s'],
    [3_600_000, '1 h'],
    [3_600_000 + 59_000, '1 h'],
    [-90 * 60_000, '1 h 30 min'],
    [27 * 3_600_000, '1 d 3 h'],
  ])('of %d ms is %s', (ms, text) => {
    expect(formatSpan(ms)).toBe(text)
  })
})

describe('how a clock stands', () => {
  const at14 = (change: object, now = 14) => standingOf({ ...clock, ...change }, at(now).getTime())
  it.each([
    ['due in 1 h 30 min', {}, 12.5],
    ['due, about to be judged', {}, 15],
    ['overdue for 3 h', { missed: true }, 17],
    ['overdue for 3 h, paused', { missed: true, state: ClockState.CLOCK_STATE_PAUSED }, 17],
    ['paused, 10 min left', { state: ClockState.CLOCK_STATE_PAUSED, dueAt: undefined, leftSeconds: 600 }, 17],
    ['kept', { state: ClockState.CLOCK_STATE_MET }, 17],
    ['void', { state: ClockState.CLOCK_STATE_CANCELLED }, 17],
    ['missed', { state: ClockState.CLOCK_STATE_BREACHED, missed: true }, 17],
    [
      'missed, over since 2026-01-05 17:00:00Z',
      { state: ClockState.CLOCK_STATE_ENDED, missed: true, endedAt: at(17) },
      18,
    ],
  ])('is told: %s', (text, change, now) => {
    expect(at14(change, now)).toBe(text)
  })
})

describe('a checked clock', () => {
  it('rows 25, 26: tells by which policy, calendar and data it was judged, each step and the event behind it', () => {
    const events = [
      event(10, 'started', { due: iso(14), target: 14_400 }),
      event(11, 'changed', { state: 'paused', left: 10_800, because: ['e1'] }),
      event(12, 'changed', { state: 'running', left: 10_800, due: iso(15), because: ['e2'] }),
      event(14, 'warned', { level: 1, at: iso(14), due: iso(15) }),
      event(15, 'breached', { due: iso(15) }),
      event(16, 'escalated', { level: 1, at: iso(16), due: iso(15) }),
      event(18, 'ended', { by: 'e3', at: iso(18), used: 25_200, due: iso(15), how: 'stopped', lateness: 10_800 }),
    ]
    const ended = { ...clock, missed: true, state: ClockState.CLOCK_STATE_ENDED, endedAt: at(18) }
    const text = inWords({ clock: ended, events }, at(20).getTime())
    expect(text.split('\n').filter((line) => !line.startsWith(' '.repeat(24)))).toEqual([
      'lead-response@2 of sales, ann; time of office@3: missed, over since 2026-01-05 18:00:00Z',
      '  counted by zones of 2026a and holidays of date-holidays 3.1.0',
      '  2026-01-05 10:00:00Z  runs: 4 h in all, due 2026-01-05 14:00:00Z',
      '  2026-01-05 11:00:00Z  paused, 3 h left',
      '  2026-01-05 12:00:00Z  goes on by ann: 3 h left, due 2026-01-05 15:00:00Z',
      '  2026-01-05 14:00:00Z  warned, level 1: due 2026-01-05 15:00:00Z',
      '  2026-01-05 15:00:00Z  missed by ann',
      '  2026-01-05 16:00:00Z  escalated, level 1',
      '  2026-01-05 18:00:00Z  done after 7 h, 3 h late',
    ])
    expect(text).toContain('sla.started id-started, known 2026-01-05 10:00:00Z\n                        started by s\n')
    expect(text).toContain('because of e1\n')
    expect(text).toMatch(/ended by e3$/)
  })

  it('tells what was corrected, and whom nobody told', () => {
    const events = [
      event(14, 'breached', { due: iso(14), historical: true }),
      event(15, 'corrected', {
        corrects: { outcome: 'breached', event: 'id-breached' },
        outcome: 'met',
        by: 'e',
        at: iso(13),
        used: 10_800,
        because: ['e'],
      }),
      event(16, 'cancelled', {
        calendar: undefined,
        zoneData: undefined,
        holidayData: undefined,
        at: iso(16),
        used: 60,
      }),
    ]
    const text = inWords({ clock: { ...clock, owner: undefined }, events }, at(20).getTime())
    expect(text).toContain('lead-response@2 of sales; all time counts: due, about to be judged')
    expect(text).toContain('missed by ann (told late: it notified nobody)')
    expect(text).toContain('2026-01-05 13:00:00Z  not breached but met after 3 h\n')
    expect(text).toContain('void after 1 min\n')
    expect(text.match(/\be\n/g)).toHaveLength(1)
  })
})
