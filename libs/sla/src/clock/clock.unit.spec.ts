import { describe, expect, it } from '@jest/globals'
import type { Calendar } from '../calendar/calendar.js'
import { compile } from '../calendar/compile.js'
import { berlin, newYork } from '../calendar/testing/calendars.js'
import { wallTime } from '../calendar/wall-time.js'
import { newClock, nextCut, observe, pass, revise, standingAt, type Clock, type Saying } from './clock.js'
import type { Fact } from './fact.js'
import type { Terms, TimeOf } from './terms.js'
import { isMissed, isOverdue } from './verdict.js'

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const at = (text: string) => Date.parse(text)
/** In July 2026 in New York: `13 09:30`. The 13th is a Monday. */
const ny = (text: string) => at(`2026-07-${text.replace(' ', 'T')}-04:00`)

const times = new Map([newYork, berlin].map((calendar: Calendar) => [calendar.id, compile(calendar)]))
const timeOf: TimeOf = ({ calendar }) => (calendar === undefined ? wallTime : times.get(calendar)!)
const terms = (change: Partial<Terms> = {}): Terms => ({
  policy: 'response@1',
  calendar: 'new-york',
  target: 4 * HOUR,
  warnings: [],
  escalations: [],
  ...change,
})

type Told = Fact extends infer F ? (F extends Fact ? Omit<F, 'id' | 'occurred' | 'recorded'> : never) : never
let ids = 0
/** A fact, recorded a second later unless told otherwise. */
const fact = (occurred: number, told: Told, recorded = occurred + SECOND, id = `e${++ids}`): Fact => ({
  id,
  occurred,
  recorded,
  ...told,
})
const start = (occurred: number, change: Partial<Terms> = {}, recorded?: number) =>
  fact(occurred, { type: 'start', terms: terms(change) }, recorded, 'start')
const stop = (occurred: number, recorded?: number, id = 'stop') => fact(occurred, { type: 'stop' }, recorded, id)
const pause = (occurred: number) => fact(occurred, { type: 'pause' })
const resume = (occurred: number) => fact(occurred, { type: 'resume' })

/** A clock after some facts and up to a watermark, and all that was said. */
function given(...facts: readonly Fact[]) {
  let clock: Clock = newClock
  const sayings: Saying[] = []
  for (const one of facts) {
    const step = observe(clock, one, timeOf)
    clock = step.clock
    sayings.push(...step.sayings)
  }
  /** What is said as the watermark goes on. */
  const upTo = (w: number) => {
    const step = pass(clock, w, timeOf)
    clock = step.clock
    return step.sayings
  }
  return {
    clock,
    sayings,
    upTo,
    due: () => standingAt(clock, Math.max(...facts.map(({ occurred }) => occurred)), timeOf)?.due,
    final: () => {
      upTo(ny('30 00:00'))
      return clock.said
    },
  }
}

describe('row 19: a pause', () => {
  const nine = start(ny('13 09:00'))
  const paused = [nine, pause(ny('13 10:00')), resume(ny('15 10:00'))]

  it('from Monday 10:00 to Wednesday 10:00 makes 4 hours from Monday 09:00 due on Wednesday 13:00 (METRICS.md 4.12)', () => {
    expect(given(nine).due()).toBe(ny('13 13:00'))
    expect(given(...paused).due()).toBe(ny('15 13:00'))
    expect(nextCut(given(...paused).clock, timeOf)).toBe(ny('15 13:00:05'))
  })

  it('that goes on has no due time, and is never missed', () => {
    const { due, upTo, clock } = given(...paused.slice(0, 2))
    expect(due()).toBeUndefined()
    expect(nextCut(clock, timeOf)).toBeUndefined()
    expect(upTo(ny('30 00:00'))).toEqual([])
  })

  it.each<[string, Partial<Terms>, string]>([
    ['policy', { policy: 'response@2', target: 8 * HOUR }, '15 17:00'],
    ['priority', { target: 2 * HOUR }, '15 11:00'],
    // 10:00 in New York is 16:00 in Berlin, where the day ends at 18:00: an hour more is left for the next morning
    ['owner', { calendar: 'berlin' }, '16 03:00'],
    ['calendar', {}, '15 13:00'],
  ])('survives a change of %s in its middle', (_, change, expected) => {
    const retarget = fact(ny('14 12:00'), { type: 'retarget', terms: terms(change) })
    const [first, second, third] = paused as [Fact, Fact, Fact]
    expect(given(first, second, retarget, third).due()).toBe(ny(expected))
  })

  it('that is told twice, or taken back twice, is one', () => {
    const again = [pause(ny('13 11:00')), pause(ny('14 09:00'))]
    expect(given(...paused.slice(0, 2), ...again, paused[2]!, resume(ny('15 10:30'))).due()).toBe(ny('15 13:00'))
  })
})

describe('row 20: the earliest act that qualifies', () => {
  it('wins whatever the order they arrive in, and a verdict that was said is corrected', () => {
    const late = stop(ny('13 10:00'), ny('13 10:00:01'), 'ten')
    const early = stop(ny('13 09:30'), ny('13 10:20'), 'half past nine')
    const { sayings, final } = given(start(ny('13 09:00')), late, early)
    expect(sayings).toMatchObject([
      { type: 'judged', cause: 'ten', verdict: { outcome: 'met', by: 'ten', used: HOUR } },
      { verdict: { outcome: 'met', by: 'half past nine', used: HOUR / 2 }, corrects: { by: 'ten' } },
    ])
    expect(final()).toMatchObject({ outcome: 'met', by: 'half past nine' })
  })

  it('does not count before the start', () => {
    expect(given(stop(ny('13 08:59')), start(ny('13 09:00'))).final()).toMatchObject({ outcome: 'breached' })
  })

  it('counts where it is done during a pause', () => {
    const done = given(start(ny('13 09:00')), pause(ny('13 10:00')), stop(ny('14 10:00')))
    expect(done.final()).toMatchObject({ outcome: 'met', used: HOUR })
  })

  it('beats a cancellation that happened later, and not one that happened before', () => {
    const cancel = fact(ny('13 10:00'), { type: 'cancel' })
    expect(given(start(ny('13 09:00')), cancel, stop(ny('13 09:30'))).final()).toMatchObject({ outcome: 'met' })
    expect(given(start(ny('13 09:00')), cancel, stop(ny('13 10:30'))).final()).toMatchObject({ outcome: 'cancelled' })
  })
})

describe('row 18: the tie rule', () => {
  it('an act at the very due time is in time, one a millisecond later is not', () => {
    const one = start(ny('13 09:00'))
    expect(given(one, stop(ny('13 13:00'))).final()).toMatchObject({ outcome: 'met', used: 4 * HOUR })
    expect(given(one, stop(ny('13 13:00') + 1)).final()).toMatchObject({
      outcome: 'breached',
      due: ny('13 13:00'),
      ended: { how: 'stopped', lateness: 1 },
    })
  })

  it('a pause at the very due time leaves the clock standing, and it is due as soon as it goes on', () => {
    const paused = [start(ny('13 09:00')), pause(ny('13 13:00'))]
    expect(given(...paused).final()).toEqual({ outcome: 'open' })
    expect(given(...paused, resume(ny('14 10:00'))).final()).toMatchObject({ outcome: 'breached', due: ny('14 10:00') })
  })
})

describe('row 24: a breach with nobody touching the lead', () => {
  const due = ny('13 13:00')

  it('is said once the grace has passed on the watermark, not a millisecond earlier, and once', () => {
    const { upTo } = given(start(ny('13 09:00')))
    expect(upTo(due + 5 * SECOND - 1)).toEqual([])
    expect(upTo(due + 5 * SECOND)).toEqual([
      {
        type: 'judged',
        cause: 'start',
        verdict: {
          outcome: 'breached',
          policy: 'response@1',
          calendar: 'new-york',
          start: 'start',
          historical: false,
          due,
        },
      },
    ])
    expect(upTo(due + HOUR)).toEqual([])
  })

  it('is not said where an answer in time was still on its way into the log', () => {
    const queued = given(start(ny('13 09:00')), stop(due - 10 * SECOND, due + 300))
    expect(queued.sayings).toMatchObject([{ verdict: { outcome: 'met' } }])
    expect(queued.upTo(due + HOUR)).toEqual([])
  })

  it('is corrected where an answer in time came into the log too late', () => {
    const { sayings, final } = given(start(ny('13 09:00')), stop(due - 10 * SECOND, due + 5001))
    expect(sayings).toMatchObject([
      { verdict: { outcome: 'breached' } },
      { cause: 'stop', verdict: { outcome: 'met' }, corrects: { outcome: 'breached', due } },
    ])
    expect(isMissed(final())).toBe(false)
  })

  it('is not said where an answer in time was recorded at the last instant of the grace', () => {
    const { sayings } = given(start(ny('13 09:00')), stop(due - 10 * SECOND, due + 5000))
    expect(sayings).toMatchObject([{ verdict: { outcome: 'met' } }])
  })

  it('waits for the end of its grace even when a late answer is there already', () => {
    const { sayings, upTo } = given(start(ny('13 09:00')), stop(due + SECOND, due + 2 * SECOND))
    expect(sayings).toEqual([])
    expect(upTo(due + 5 * SECOND)).toMatchObject([{ verdict: { outcome: 'breached', ended: { lateness: SECOND } } }])
  })

  it('of a start that is recorded after its due time waits from then on', () => {
    const known = ny('13 09:50')
    const { upTo } = given(start(ny('13 09:00'), { target: 10 * MINUTE }, known))
    expect(upTo(known + 5 * SECOND - 1)).toEqual([])
    expect(upTo(known + 5 * SECOND)).toMatchObject([{ verdict: { due: ny('13 09:10') } }])
  })
})

describe('a due time that came to be known late', () => {
  it('is judged after a grace of its own: what makes it good may follow in the log', () => {
    const known = ny('13 12:00')
    const shorter = fact(ny('13 09:30'), { type: 'retarget', terms: terms({ target: HOUR }) }, known)
    const { sayings, upTo } = given(start(ny('13 09:00')), shorter)
    expect(sayings).toEqual([])
    expect(upTo(known + 5 * SECOND - 1)).toEqual([])
    expect(upTo(known + 5 * SECOND)).toMatchObject([{ verdict: { outcome: 'breached', due: ny('13 10:00') } }])
    const { sayings: answered } = given(start(ny('13 09:00')), shorter, stop(ny('13 09:45'), known + SECOND))
    expect(answered).toMatchObject([{ verdict: { outcome: 'met' } }])
  })
})

describe('a start that came to be known late', () => {
  const offered = ny('13 09:00')

  it('is historical, and is judged an hour after it was recorded', () => {
    const { upTo } = given(start(offered, { target: MINUTE }, offered + HOUR + 1))
    expect(upTo(offered + 2 * HOUR + 5000)).toEqual([])
    expect(upTo(offered + 2 * HOUR + 5001)).toMatchObject([{ verdict: { outcome: 'breached', historical: true } }])
  })

  it('by an import is so, too: the next rows may hold the answer', () => {
    const imported = ny('13 09:30')
    const row = fact(offered, { type: 'start', terms: terms({ target: MINUTE }), imported: true }, imported, 'start')
    expect(given(row, stop(offered + 1000, imported + MINUTE)).final()).toMatchObject({
      outcome: 'met',
      historical: true,
    })
    const { upTo } = given(row)
    expect(upTo(imported + HOUR + 5 * SECOND - 1)).toEqual([])
    expect(upTo(imported + HOUR + 5 * SECOND)).toMatchObject([{ verdict: { outcome: 'breached', historical: true } }])
  })
})

describe('row 25: both counts', () => {
  it('an answer 3 business hours late: ever missed 1, overdue 0', () => {
    // due on Monday 16:00, answered on Tuesday 11:00
    const { clock, upTo } = given(start(ny('13 12:00')))
    expect(standingAt(clock, ny('13 15:00'), timeOf)).toMatchObject({ left: HOUR, lateness: 0 })
    const [breach] = upTo(ny('13 17:00'))
    const { verdict } = breach as Extract<Saying, { type: 'judged' }>
    expect([isMissed(verdict), isOverdue(verdict)]).toEqual([true, true])
    expect(standingAt(clock, ny('14 10:00'), timeOf)).toMatchObject({ state: 'running', left: 0, lateness: 2 * HOUR })

    const answered = given(start(ny('13 12:00')), stop(ny('14 11:00')))
    expect(answered.sayings.at(-1)).not.toHaveProperty('corrects')
    const final = answered.final()
    expect(final).toMatchObject({ ended: { lateness: 3 * HOUR, used: 7 * HOUR } })
    expect([isMissed(final), isOverdue(final)]).toEqual([true, false])
  })

  it('what is overdue has no time left, also where a longer target comes too late', () => {
    const longer = fact(ny('13 14:00'), { type: 'retarget', terms: terms({ target: 9 * HOUR }) })
    const { clock } = given(start(ny('13 09:00')), longer)
    expect(standingAt(clock, ny('13 15:00'), timeOf)).toEqual({
      state: 'running',
      due: ny('13 13:00'),
      left: 0,
      lateness: 2 * HOUR,
    })
  })

  it('time in which it is paused after the breach is not lateness', () => {
    const late = given(start(ny('13 09:00')), pause(ny('13 14:00')), resume(ny('14 09:00')), stop(ny('14 10:00')))
    expect(late.final()).toMatchObject({ due: ny('13 13:00'), ended: { lateness: 2 * HOUR } })
  })
})

describe('rows 21 and 22: several clocks', () => {
  it('of three messages are three, each judged by the policy of its start', () => {
    const messages = ['13 09:00', '13 11:00', '14 09:00'].map((text, i) =>
      start(ny(text), { policy: i < 2 ? 'reply@1' : 'reply@2', target: i < 2 ? HOUR : 2 * HOUR }),
    )
    // one answer to the second message, another one to the third
    const answers = [undefined, '13 11:30', '14 10:30'].map((text) => (text ? [stop(ny(text))] : []))
    const verdicts = messages.map((message, i) => given(message, ...answers[i]!).final())
    expect(verdicts).toMatchObject([
      { outcome: 'breached', policy: 'reply@1' },
      { outcome: 'met', policy: 'reply@1', used: HOUR / 2 },
      { outcome: 'met', policy: 'reply@2', used: 1.5 * HOUR },
    ])
  })

  it('on one lead do not disturb each other: the handoff is breached, the response met', () => {
    const call = stop(ny('13 12:00'))
    expect(given(start(ny('13 09:00'), { policy: 'handoff@1', target: HOUR })).final()).toMatchObject({
      outcome: 'breached',
    })
    expect(given(start(ny('13 09:00')), call).final()).toMatchObject({ outcome: 'met' })
  })
})

describe('row 26: other terms', () => {
  it('are named by the verdict only if they were in force at the due time', () => {
    const retarget = (text: string) =>
      fact(ny(text), { type: 'retarget', terms: terms({ policy: 'response@2', target: 6 * HOUR }) })
    expect(given(start(ny('13 09:00')), retarget('13 12:00')).final()).toMatchObject({
      policy: 'response@2',
      due: ny('13 15:00'),
    })
    expect(given(start(ny('13 09:00')), retarget('13 14:00')).final()).toMatchObject({
      policy: 'response@1',
      due: ny('13 13:00'),
    })
  })

  it('with a target that is used up already are due at once, not in the past', () => {
    const shorter = fact(ny('13 12:00'), { type: 'retarget', terms: terms({ target: HOUR }) })
    expect(given(start(ny('13 09:00')), shorter).due()).toBe(ny('13 12:00'))
  })
})

describe('row 23: warnings and escalations', () => {
  const levels = { warnings: [2 * HOUR, 30 * MINUTE, 9 * HOUR], escalations: [0, HOUR] }
  const told = (step: readonly Saying[]) =>
    step.map((saying) => (saying.type === 'judged' ? saying.verdict.outcome : `${saying.type} ${saying.level}`))

  it('are each said once, in order, in time that counts, also when all are said after an outage', () => {
    const { upTo } = given(start(ny('13 12:30'), levels))
    expect(upTo(ny('13 14:30:05'))).toMatchObject([
      { type: 'warned', level: 0, at: ny('13 14:30'), policy: 'response@1' },
    ])
    const all = told(given(start(ny('13 12:30'), levels)).upTo(ny('20 00:00')))
    expect(all).toEqual(['warned 0', 'warned 1', 'breached', 'escalated 0', 'escalated 1'])
    expect(told(upTo(ny('20 00:00')))).toEqual(all.slice(1))
  })

  it('are said before the breach, also where all came to be known at once', () => {
    const { upTo } = given(start(ny('13 09:00'), { ...levels, target: HOUR }, ny('13 09:50')))
    const queued = given(start(ny('13 09:00'), { ...levels, target: 40 * MINUTE }, ny('13 09:50')))
    expect(told(upTo(ny('13 10:00:05')))).toEqual(['warned 1', 'breached', 'escalated 0'])
    expect(told(queued.upTo(ny('13 09:50:05')))).toEqual(['warned 1', 'breached', 'escalated 0'])
  })

  it('come no more once it is answered, and are not repeated after a pause', () => {
    const answered = given(start(ny('13 09:00'), levels), stop(ny('13 13:20')))
    expect(answered.sayings).toHaveLength(5)
    expect(answered.upTo(ny('20 00:00'))).toEqual([])
    const warned = given(start(ny('13 09:00'), levels), pause(ny('13 11:30')), resume(ny('14 11:30')))
    expect(warned.sayings).toMatchObject([{ type: 'warned', level: 0 }])
    expect(warned.upTo(ny('14 12:29'))).toEqual([])
  })

  describe('that time went by while it seemed to be cancelled', () => {
    const cancel = fact(ny('13 10:00'), { type: 'cancel' }, undefined, 'cancel')
    /** What was said before the cancellation turns out to be none, then, and later. */
    const takenBack = (text: string, ...facts: readonly Fact[]) => {
      const { clock, sayings } = given(start(ny('13 09:00'), levels), cancel, ...facts)
      const revision = { without: ({ id }: Fact) => id === 'cancel', recorded: ny(text), cause: 'back' }
      const then = revise(clock, revision, timeOf)
      // what is said later waits for a timer, which never goes off in the past
      expect(nextCut(then.clock, timeOf) ?? Infinity).toBeGreaterThan(then.clock.upTo)
      const later = pass(then.clock, ny('20 00:00'), timeOf)
      return [sayings, then.sayings, later.sayings].map((step) => told(step).join())
    }

    it('are said as soon as it turns out to run: the escalations of what is overdue', () => {
      expect(takenBack('13 15:00')).toEqual(['cancelled', 'breached,escalated 0,escalated 1', ''])
      expect(takenBack('13 13:30')).toEqual(['cancelled', 'breached,escalated 0', 'escalated 1'])
    })

    it('are said while there is time: the warnings, and then what else comes', () => {
      const rest = 'warned 1,breached,escalated 0,escalated 1'
      expect(takenBack('13 11:30')).toEqual(['cancelled', 'open,warned 0', rest])
    })

    it('are not said of what has ended', () => {
      expect(takenBack('13 15:00', stop(ny('13 13:20')))).toEqual(['cancelled', 'breached', ''])
    })
  })
})

describe('a fact', () => {
  it('that is known already does nothing', () => {
    const one = start(ny('13 09:00'))
    expect(given(one, one).clock).toEqual(given(one).clock)
  })

  it('of a clock without a start says nothing', () => {
    const { clock, upTo } = given(stop(ny('13 09:00')))
    expect(upTo(ny('20 00:00'))).toEqual([])
    expect([standingAt(clock, ny('20 00:00'), timeOf), nextCut(clock, timeOf)]).toEqual([undefined, undefined])
  })
})
