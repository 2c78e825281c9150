import { stripVTControlCharacters } from 'node:util'
import { describe, expect, it } from '@jest/globals'
import { Clock, ClockChange, ClockState, Event } from '@funnel/query-api'
import { changeLine } from './watch.js'

describe('a change of a clock', () => {
  const said = (clock: Partial<Clock>) =>
    stripVTControlCharacters(
      changeLine(
        ClockChange.fromPartial({
          event: Event.fromPartial({ type: 'sla.breached', recordedAt: new Date(Date.UTC(2026, 0, 2)) }),
          clock: Clock.fromPartial({
            clock: 'mql-volume/2026-01-01',
            policy: 'mql-volume',
            policyVersion: 2,
            ...clock,
          }),
        }),
        Date.UTC(2026, 0, 3),
      ),
    )

  it('tells when it was recorded, what was said of whose clock, and how it stands', () => {
    expect(
      said({
        lead: 'l',
        owner: 'ann',
        missed: true,
        state: ClockState.CLOCK_STATE_RUNNING,
        dueAt: new Date(Date.UTC(2026, 0, 2)),
      }),
    ).toMatch(/^2026-01-02.*  sla[.]breached   mql-volume@2 of lead l [(]ann[)]: overdue for 1 d$/)
    expect(said({ state: ClockState.CLOCK_STATE_BREACHED })).toMatch(/mql-volume@2 of mql-volume\/2026-01-01: missed$/)
  })
})
