import { describe, expect, it } from '@jest/globals'
import { evolved, type Decided } from '../decider.js'
import { NOON, specOf } from '../testing/given.js'
import { leadRules } from '../testing/lead-rules.js'
import { NOTE } from '../testing/reasons.js'
import { leadDecider, leadStreams } from './lead.js'
import { stageOf } from './state.js'

const decider = leadDecider(leadRules)
const { given } = specOf(decider)
const lead = 'l1'
const captured: Decided = { type: 'lead.captured', data: { lead, owner: 'mia' } }
const reported = (stage: string): Decided => ({ type: 'lead.stage-entered', data: { lead, stage } })
const advanced = (stage: string): Decided => ({ type: 'lead.advanced', data: { lead, stage } })
const recycled = (stage: string): Decided => ({ type: 'lead.recycled', data: { lead, stage, reason: 'fit' } })
const disqualified: Decided = { type: 'lead.disqualified', data: { lead, stage: 'disqualified', reason: 'fit' } }
const converted: Decided = { type: 'lead.converted', data: { lead, deal: 'd1', stage: 'opportunity' } }
const reversed: Decided = { type: 'lead.conversion-reversed', data: { lead, reason: 'fit' } }
const offered: Decided = {
  type: 'handoff.offered',
  data: { lead, handoff: 'h1', queue: 'q1', deadline: new Date(NOON + 1).toISOString() },
}
const advance = (stage: string) => ({ type: 'lead.advance', lead, stage }) as const
const recycle = (stage: string, reason = 'fit') => ({ type: 'lead.recycle', lead, stage, reason }) as const
const disqualify = { type: 'lead.disqualify', lead, reason: 'fit' } as const
const convert = { type: 'lead.convert', lead, deal: 'd1' } as const
const reverse = { type: 'lead.reverse-conversion', lead, reason: 'fit' } as const

describe('a lead of which nothing is known', () => {
  it('is not found, whatever is asked of it', () => {
    given()
      .when(advance('mql'))
      .thenRefused('NOT_FOUND', /no lead l1/)
    given()
      .when(convert)
      .thenRefused('NOT_FOUND', /no lead l1/)
    given()
      .when({ type: 'handoff.offer', lead, handoff: 'h1', queue: 'q1', deadline: NOON + 1 })
      .thenRefused('NOT_FOUND', /no lead l1/)
  })

  it('is known from its first report, whatever that is', () => {
    given(reported('mql')).when(advance('sal')).then(advanced('sal'))
    given({ type: 'lead.engaged', data: { lead, kind: 'reply' } })
      .when(advance('sal'))
      .then(advanced('sal'))
  })
})

describe('row 1: stages', () => {
  it('that the funnel does not have are refused, with those it has', () => {
    given(captured)
      .when(advance('limbo'))
      .thenRefused('INVALID', /mql, sal, sql/)
    given(captured, reported('sql'))
      .when(recycle('limbo'))
      .thenRefused('INVALID', /mql, sal, sql/)
  })

  it('that another system reports and the funnel does not have lie neither before nor after any', () => {
    given(captured, reported('sql'), reported('limbo')).when(advance('mql')).then(advanced('mql'))
    given(captured, reported('limbo'))
      .when(recycle('mql'))
      .thenRefused('REJECTED', /not past mql/)
  })

  it('of type lost or recycled are not advanced to', () => {
    given(captured)
      .when(advance('disqualified'))
      .thenRefused('INVALID', /lead\.disqualify with a reason/)
    given(captured)
      .when(advance('nurture'))
      .thenRefused('INVALID', /lead\.recycle with a reason/)
  })
})

describe('row 2: a lead', () => {
  it('moves forward, over stages too', () => {
    given(captured).when(advance('mql')).then(advanced('mql'))
    given(captured, reported('mql')).when(advance('sql')).then(advanced('sql'))
  })

  it('is not moved to the stage it is in', () => {
    given(captured, reported('mql')).when(advance('mql')).thenNothing()
  })

  it('does not move back but by recycling with a reason', () => {
    given(captured, advanced('sql'))
      .when(advance('mql'))
      .thenRefused('REJECTED', /use lead\.recycle with a reason/)
    given(captured, advanced('sql')).when(recycle('mql')).then(recycled('mql'))
    given(captured, advanced('sql'))
      .when(recycle('mql', 'mood'))
      .thenRefused('INVALID', /fit, other/)
  })

  it('does not move back by a rule either', () => {
    given(captured, reported('sql'))
      .when({ type: 'lead.qualify', lead, stage: 'mql', rule: 'fit-and-engaged', ruleVersion: 3 })
      .thenRefused('REJECTED', /use lead\.recycle/)
  })

  it('is not recycled forward', () => {
    given(captured, reported('mql'))
      .when(recycle('sql'))
      .thenRefused('REJECTED', /use lead\.advance/)
    given(captured)
      .when(recycle('mql'))
      .thenRefused('REJECTED', /use lead\.advance/)
    given(captured, reported('mql'))
      .when(recycle('customer'))
      .thenRefused('INVALID', /type won/)
  })

  it('is where the report of what happened last says, not the one that came last', () => {
    const late = { ...reported('mql'), at: NOON - 1000 }
    given(captured, reported('sql'), late)
      .when(advance('sal'))
      .thenRefused('REJECTED', /in sql/)
  })

  it('is recycled from anywhere to a stage of type recycled', () => {
    given(captured, reported('mql')).when(recycle('nurture')).then(recycled('nurture'))
    given(captured, recycled('nurture')).when(recycle('mql')).then(recycled('mql'))
  })
})

describe('row 3: re-entry', () => {
  it('is possible without limit, each time with its event', () => {
    const again = Array.from({ length: 40 }, () => [advanced('sal'), recycled('mql')]).flat()
    given(captured, advanced('mql'), ...again)
      .when(advance('sal'))
      .then(advanced('sal'))
  })
})

describe('row 5: qualification', () => {
  it('carries the rule, its version and the events that satisfied it', () => {
    const judged = { lead, stage: 'mql', rule: 'fit-and-engaged', ruleVersion: 3, because: [NOTE] }
    given(captured)
      .when({ type: 'lead.qualify', ...judged })
      .then({ type: 'lead.qualified', data: judged })
  })
})

describe('row 6: disqualification', () => {
  it('needs a reason of the shared taxonomy', () => {
    given(captured).when(disqualify).then(disqualified)
    given(captured)
      .when({ ...disqualify, reason: 'mood' })
      .thenRefused('INVALID', /taxonomy disqualified: give one of fit, other/)
    const { reason: _, ...without } = disqualify
    given(captured)
      .when(without as typeof disqualify)
      .thenRefused('INVALID', /fit, other/)
  })

  it('for another reason needs a note', () => {
    const other = { lead, reason: 'other' }
    given(captured)
      .when({ type: 'lead.disqualify', ...other })
      .thenRefused('INVALID', /add a note/)
    given(captured)
      .when({ type: 'lead.disqualify', ...other, note: NOTE })
      .then({ type: 'lead.disqualified', data: { ...other, note: NOTE, stage: 'disqualified' } })
  })

  it('of a lost lead is nothing new', () => {
    given(captured, disqualified).when(disqualify).thenNothing()
    given(captured, reported('spam')).when(disqualify).thenNothing()
  })

  it('ends all moves until the lead is recycled, to any open stage', () => {
    given(captured, reported('mql'), disqualified)
      .when(advance('sal'))
      .thenRefused('REJECTED', /lead\.recycle/)
    given(captured, reported('mql'), disqualified)
      .when(convert)
      .thenRefused('REJECTED', /lead\.recycle/)
    given(captured, reported('mql'), disqualified).when(recycle('sql')).then(recycled('sql'))
    given(captured, reported('mql'), disqualified, recycled('sql'))
      .when(advance('opportunity'))
      .then(advanced('opportunity'))
  })

  it('without a taxonomy or a stage for it says what to define', () => {
    specOf(leadDecider({ ...leadRules, reasons: [] }))
      .given(captured)
      .when(disqualify)
      .thenRefused('INVALID', /define the taxonomy/)
    specOf(leadDecider({ ...leadRules, stages: [] }))
      .given(captured)
      .when(disqualify)
      .thenRefused('INVALID', /no stage of type lost/)
  })
})

describe('row 13: conversion', () => {
  it('enters its stage where that lies ahead', () => {
    given(captured, reported('sql')).when(convert).then(converted)
    given(captured, reported('customer'))
      .when(convert)
      .then({ type: 'lead.converted', data: { lead, deal: 'd1' } })
    specOf(leadDecider({ ...leadRules, convertedStage: 'elsewhere' }))
      .given(captured)
      .when({ type: 'lead.convert', lead })
      .then({ type: 'lead.converted', data: { lead } })
  })

  it('happens once', () => {
    given(captured, converted)
      .when(convert)
      .thenRefused('REJECTED', /is converted/)
  })

  it('ends all moves until it is reversed', () => {
    for (const command of [advance('customer'), recycle('mql'), disqualify])
      given(captured, converted)
        .when(command)
        .thenRefused('REJECTED', /lead\.reverse-conversion/)
    given(captured, reported('sql'), converted, reversed).when(advance('customer')).then(advanced('customer'))
  })

  it('is reversed with a reason, while it stands', () => {
    given(captured, converted).when(reverse).then(reversed)
    given(captured, converted)
      .when({ ...reverse, reason: 'mood' })
      .thenRefused('INVALID', /taxonomy reversed/)
    given(captured)
      .when(reverse)
      .thenRefused('REJECTED', /not converted/)
    given(captured, converted, reversed)
      .when(reverse)
      .thenRefused('REJECTED', /not converted/)
  })

  it('and its reversal leave the lead as it was, stage and owner', () => {
    const at = (events: Decided[]) =>
      evolved(
        decider,
        events.map((event, i) => ({ ...event, at: NOON + i })),
      )
    const before = at([captured, reported('sql')])
    expect(at([captured, reported('sql'), converted, reversed])).toEqual(before)
    expect(stageOf(at([captured, reported('sql'), converted]))).toBe('opportunity')
  })

  it('reversed takes back no report of what happened meanwhile', () => {
    const later = [captured, { ...converted, at: NOON + 1 }, { ...reported('customer'), at: NOON + 2 }, reversed]
    given(...later)
      .when(recycle('sql'))
      .then(recycled('sql'))
  })
})

describe('row 14: the owner', () => {
  it('is assigned, whatever became of the lead', () => {
    const assign = { type: 'lead.assign', lead, owner: 'ann', because: [NOTE] } as const
    const assigned: Decided = { type: 'lead.assigned', data: { lead, owner: 'ann', because: [NOTE] } }
    given(captured).when(assign).then(assigned)
    given(captured, assigned).when(assign).thenNothing()
    given(captured, converted).when(assign).then(assigned)
  })

  it('is the one that the latest fact names', () => {
    const late: Decided = { type: 'lead.enriched', data: { lead, owner: 'ann' } }
    given(captured, { ...late, at: NOON - 1 })
      .when({ type: 'lead.assign', lead, owner: 'mia' })
      .thenNothing()
  })
})

describe('an open handoff', () => {
  it('is answered before the lead is given up, recycled or converted', () => {
    for (const command of [disqualify, recycle('mql'), convert])
      given(captured, reported('sql'), offered)
        .when(command)
        .thenRefused('REJECTED', /handoff h1 of lead l1 is open/)
  })

  it('does not keep the lead from moving forward', () => {
    given(captured, reported('mql'), offered).when(advance('sql')).then(advanced('sql'))
  })
})

it('a lead and its handoffs are one stream', () => {
  expect(leadStreams(advance('mql'))).toEqual(['lead-l1'])
  expect(leadStreams({ type: 'handoff.expire', lead, handoff: 'h1' })).toEqual(['lead-l1'])
})
