import { describe, expect, it } from '@jest/globals'
import * as fc from 'fast-check'
import { typeOf } from '@funnel/events'
import { evolved, type Decided, type Happened } from '../decider.js'
import { NOON } from '../testing/given.js'
import { leadRules } from '../testing/lead-rules.js'
import { play, type Step } from '../testing/play.js'
import { acts, anId, asking, numRuns, reporting, SECOND } from '../testing/random-acts.js'
import { NOTE } from '../testing/reasons.js'
import type { LeadCommand } from './commands.js'
import { leadDecider } from './lead.js'
import { stageOf, type LeadState } from './state.js'

const decider = leadDecider(leadRules)
const { stages } = leadRules

const of = { lead: fc.constant('l1') }
const stage = fc.constantFrom(...stages.map(({ id }) => id), 'limbo')
const owner = fc.constantFrom('ann', 'bob', 'mia')
const handoff = { ...of, handoff: anId }
const reason = fc.constantFrom('fit', 'fit', 'other', 'mood')
const note = { note: fc.constant(NOTE) }
const commands = [
  asking<LeadCommand>('lead.advance', { ...of, stage }),
  asking<LeadCommand>('lead.qualify', { ...of, stage, rule: fc.constant('r1'), ruleVersion: fc.constant(1) }),
  asking<LeadCommand>('lead.disqualify', { ...of, reason }, note),
  asking<LeadCommand>('lead.recycle', { ...of, stage, reason }, note),
  asking<LeadCommand>('lead.convert', of, { deal: fc.constant('d1') }),
  asking<LeadCommand>('lead.reverse-conversion', { ...of, reason }, note),
  asking<LeadCommand>('lead.assign', { ...of, owner }),
  asking<LeadCommand>(
    'handoff.offer',
    { ...handoff, deadline: fc.integer({ min: 0, max: 150 }).map((seconds) => NOON + seconds * SECOND) },
    { assignee: owner, queue: fc.constant('q1'), fallback: owner },
  ),
  asking<LeadCommand>('handoff.accept', { ...handoff, owner }),
  asking<LeadCommand>('handoff.reject', { ...handoff, reason }, note),
  asking<LeadCommand>('handoff.expire', handoff),
  asking<LeadCommand>('handoff.withdraw', handoff),
  asking<LeadCommand>('handoff.raise-feedback', handoff),
]
const reports = [
  reporting('lead.captured', of, { owner }),
  reporting('lead.enriched', of, { owner }),
  reporting('lead.engaged', { ...of, kind: fc.constant('reply') }),
  reporting('lead.stage-entered', { ...of, stage }, { owner }),
]
const lives = acts<LeadCommand>(commands, reports)

describe('a lead, whatever is asked and reported', () => {
  it('is decided about or refused, and what is decided is of the published language', () => {
    let decided = 0
    fc.assert(
      fc.property(lives, (life) => {
        decided += play(decider, life).filter(({ command, events }) => command && events.length).length
      }),
      { numRuns },
    )
    expect(decided).toBeGreaterThan(numRuns)
  })

  it('is after its events what it was when they were decided', () => {
    fc.assert(
      fc.property(lives, (life) => {
        const steps = play(decider, life)
        expect(
          evolved(
            decider,
            steps.flatMap(({ events }) => events),
          ),
        ).toEqual(steps.at(-1)?.after ?? decider.initialState)
      }),
      { numRuns },
    )
  })

  it('is in the stage, and its owner the one, that its facts tell in the order in which they happened', () => {
    everyStep((told, { after }) => {
      expect(stageOf(after)).toBe(stageTold(told))
      expect(after.owner?.value).toBe(ownerTold(told))
    })
  })

  it('row 2: is never moved back but by recycling', () => {
    everyStep((told, { events, before }) => {
      const here = placeOf(stageOf(before))
      for (const { type, data } of events) {
        if (typeOf(type)!.kind !== 'decision' || !('stage' in data) || data.stage === undefined) continue
        const recycled = type === 'lead.recycled'
        const lost = stages[here]?.type === 'lost'
        if (!recycled) expect(placeOf(data.stage)).toBeGreaterThan(here)
        if (lost) expect(recycled).toBe(true)
        if (recycled) expect(placeOf(data.stage) < here || lost || data.stage === 'nurture').toBe(true)
        expect(isConverted(told.slice(0, told.length - events.length))).toBe(false)
      }
    })
  })

  it('row 9: is offered to one at a time, and each offer is answered once, in time', () => {
    everyStep((told, { events, refused, command }) => {
      const open = new Map<string, number>()
      for (const { type, data, at } of told) {
        if (!('handoff' in data) || type === 'handoff.feedback-raised') continue
        const deadline = open.get(data.handoff)
        if (type === 'handoff.offered') {
          expect(open.size).toBe(0)
          open.set(data.handoff, Date.parse(data.deadline))
        } else {
          expect(deadline).toBeDefined()
          expect(type === 'handoff.expired').toBe(at >= deadline!)
          open.delete(data.handoff)
        }
      }
      if (command?.type !== 'handoff.accept' || events.length) return
      const winner = told.find(({ type, data }) => type === 'handoff.accepted' && data.handoff === command.handoff)
      if (winner) expect(refused?.details).toMatchObject({ reason: 'ALREADY_ACCEPTED', owner: ownerIn(winner) })
    })
  })

  it('row 13: is after a reversal what it would be without the conversion', () => {
    fc.assert(
      fc.property(lives, lives, (past, after) => {
        const reports = after.filter((act) => 'report' in act)
        const before = play(decider, past).flatMap(({ events }) => events)
        const at = NOON + 1_000_000
        const meanwhile = play(decider, reports)
          .flatMap(({ events }) => events)
          .map((event, i): Happened => (i % 2 ? { ...event, at: event.at + 2_000_000 } : event))
        fc.pre(!isConverted(before))
        const of = { lead: 'l1' }
        const converted: Happened = { type: 'lead.converted', data: { ...of, stage: 'opportunity' }, at }
        const reversed: Happened = { type: 'lead.conversion-reversed', data: { ...of, reason: 'fit' }, at: at + 1 }
        const known: Happened = { type: 'lead.enriched', data: of, at: NOON }
        expect(evolved(decider, [known, ...before, converted, ...meanwhile, reversed])).toEqual(
          evolved(decider, [known, ...before, ...meanwhile]),
        )
      }),
      { numRuns },
    )
  })

  it('evolves from events in whatever order, of whatever types', () => {
    const other: Happened = { type: 'deal.won', data: { deal: 'l1' }, at: NOON }
    fc.assert(
      fc.property(
        lives.chain((life) => fc.shuffledSubarray(play(decider, life).flatMap(({ events }) => events))),
        (events) => {
          const state = evolved(decider, events)
          expect(decider.evolve(state, other)).toBe(state)
          expect(decider.evolve(state, { ...other, type: 'lead.unheard-of' } as unknown as Happened)).toBe(state)
        },
      ),
      { numRuns },
    )
  })
})

/** Checks each step, with all that was told by then. */
function everyStep(check: (told: readonly Happened[], step: Step<LeadCommand, LeadState>) => void): void {
  fc.assert(
    fc.property(lives, (life) => {
      const told: Happened[] = []
      for (const step of play(decider, life)) {
        told.push(...step.events)
        check(told, step)
      }
    }),
    { numRuns },
  )
}

const placeOf = (stage: string | undefined): number => stages.findIndex(({ id }) => id === stage)

const ownerIn = ({ data }: Decided): string | undefined => (data as { owner?: string }).owner

const isConverted = (told: readonly Happened[]): boolean =>
  told.findLast(({ type }) => type.startsWith('lead.conver'))?.type === 'lead.converted'

/** Facts as the folds order them. */
const inOrder = (told: readonly Happened[]): Happened[] =>
  told.toSorted((a, b) => a.at - b.at || typeOf(a.type)!.rank - typeOf(b.type)!.rank)

const ownerTold = (told: readonly Happened[]): string | undefined =>
  inOrder(told)
    .map(ownerIn)
    .findLast((owner) => owner !== undefined)

/** As the ledger tells it: a conversion that was reversed enters no stage. */
function stageTold(told: readonly Happened[]): string | undefined {
  const reversed = new Set<Happened>()
  const standing: Happened[] = []
  for (const event of told) {
    if (event.type === 'lead.converted') standing.push(event)
    if (event.type === 'lead.conversion-reversed') reversed.add(standing.pop()!)
  }
  return inOrder(told)
    .filter((event) => !reversed.has(event))
    .map(({ data }) => (data as { stage?: string }).stage)
    .findLast((stage) => stage !== undefined)
}
