import { describe, expect, it } from '@jest/globals'
import type { LeadPolicy } from '@funnel/definitions'
import type { FunnelEvent } from '@funnel/events'
import { endOf } from '@funnel/sla'
import { leadPolicies } from './family.js'
import type { LeadKept } from './kept.js'
import { whatIf } from '../what-if/sla.js'
import { answer, definition, rulesWith, World } from './testing/world.js'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
/** A Monday. */
const NOON = Date.UTC(2026, 6, 13, 12)

/** All that is to happen within a day of the offer, and its parts: the handoff and the first answer. */
const action = answer({
  ...definition('time-to-action'),
  starts: [{ event: ['handoff.offered'] }],
  stops: [{ event: ['lead.converted'] }],
  cancels: [{ event: ['lead.disqualified'] }],
  terms: [{ target: '24h' }],
})
const handoff = answer({
  ...definition('handoff'),
  parent: 'time-to-action',
  starts: [{ event: ['handoff.offered'] }],
  stops: [{ event: ['handoff.accepted'] }],
  cancels: [],
})
const response = answer({ parent: 'time-to-action', cancels: [] })
// parts stand before what they are parts of
const family = [response, handoff, action]

const world = (...policies: readonly LeadPolicy[]) => new World(NOON, rulesWith(...policies))
const offered = ['handoff.offered', { lead: 'l', owner: 'sam', deadline: new Date(NOON).toISOString() }] as const
const asked = ['lead.engaged', { lead: 'l', kind: 'message' }] as const
const called = ['lead.engaged', { lead: 'l', kind: 'call' }] as const
const lost = ['lead.disqualified', { lead: 'l', stage: 'lost', reason: 'x' }] as const
const won = ['lead.converted', { lead: 'l', stage: 'opportunity', deal: 'd' }] as const

/** What was said: `answer met`. */
const told = (said: readonly FunnelEvent[]) =>
  said.map(({ type, data }) => `${(data as { policy: string }).policy} ${type.slice('sla.'.length)}`)
const parentsIn = (said: readonly FunnelEvent[]) =>
  Object.fromEntries(
    said.map(({ data }) => [(data as { policy: string }).policy, (data as { parent?: string }).parent]),
  )

describe('promises that are parts of another', () => {
  it('row 22: a handoff that was breached and a response that was met on one lead are both reported, under one parent', async () => {
    const here = world(...family)
    const start = await here.tell(...offered)
    await here.tell(...asked)
    await here.wait(30 * MINUTE)
    await here.tell(...called)
    await here.wait(HOUR)
    const said = await here.said('l')
    expect(told(said)).toEqual([
      'time-to-action started',
      'handoff started',
      'answer started',
      'answer met',
      'handoff breached',
    ])
    const parent = `time-to-action/${start}`
    expect(parentsIn(said)).toEqual({ 'time-to-action': undefined, handoff: parent, answer: parent })
  })

  it('row 22: are void when that one is, because of the same event, also when they were missed; not when it is kept', async () => {
    const here = world(...family)
    await here.tell(...offered)
    await here.tell(...asked)
    await here.wait(30 * MINUTE)
    await here.tell('handoff.accepted', { lead: 'l', owner: 'sam' })
    await here.wait(HOUR)
    const end = await here.tell(...lost)
    const said = await here.said('l')
    expect(told(said).slice(3)).toEqual([
      'time-to-action changed',
      'handoff met',
      'answer changed',
      'answer breached',
      'time-to-action cancelled',
      'answer ended',
    ])
    expect(said.at(-1)).toMatchObject({ causationid: end, data: { by: end, how: 'cancelled' } })

    const kept = world(...family)
    await kept.tell(...offered)
    await kept.tell(...asked)
    await kept.tell(...won)
    await kept.wait(2 * HOUR)
    expect(told(await kept.said('l')).slice(3)).toEqual(['time-to-action met', 'handoff breached', 'answer breached'])
  })

  it('row 22: belong to none when they start before it or after it, and pass on what it passes on', async () => {
    const step = answer({
      ...definition('step'),
      parent: 'answer',
      stops: [{ event: ['handoff.accepted'] }],
      cancels: [],
    })
    const here = world(step, ...family)
    await here.tell(...asked)
    await here.tell(...offered)
    expect(parentsIn(await here.said('l'))).toMatchObject({ answer: undefined, step: expect.stringMatching(/^answer/) })
    await here.tell(...called)
    await here.tell('handoff.accepted', { lead: 'l', owner: 'sam' })
    const second = await here.tell(...asked)
    await here.tell(...lost)
    const said = await here.said('l')
    expect(said.slice(-3).map(({ type, data }) => [type, (data as { clock: string }).clock])).toEqual([
      ['sla.cancelled', expect.stringMatching(/^time-to-action/)],
      ['sla.cancelled', `answer/${second}`],
      ['sla.cancelled', `step/${second}`],
    ])
    await here.tell(...asked)
    expect(parentsIn((await here.said('l')).slice(-2))).toMatchObject({ answer: undefined })
  })

  it('row 22: run on when it turns out that it was kept before it became void', async () => {
    const here = world(...family)
    await here.tell(...offered)
    await here.tell(...asked)
    await here.wait(10 * MINUTE)
    await here.tell(...lost)
    expect(told(await here.said('l')).slice(3)).toEqual([
      'time-to-action cancelled',
      'answer cancelled',
      'handoff cancelled',
    ])
    await here.tell(...won, { at: here.now - 5 * MINUTE })
    await here.wait(2 * HOUR)
    const said = (await here.said('l')).slice(6)
    expect(told(said)).toEqual([
      'time-to-action corrected',
      'answer corrected',
      'answer changed',
      'handoff corrected',
      'handoff changed',
      'handoff breached',
      'answer breached',
    ])
  })

  it.each([
    [
      'is kept before it would become void',
      [offered, asked, won, lost, called],
      [
        ['answer', 'time-to-action', 'met', 20],
        ['handoff', 'time-to-action', 'open', undefined],
        ['time-to-action', undefined, 'met', 10],
      ],
    ],
    [
      'becomes void before it would be kept',
      [offered, asked, lost, called, won],
      [
        ['answer', 'time-to-action', 'cancelled', 10],
        ['handoff', 'time-to-action', 'cancelled', 10],
        ['time-to-action', undefined, 'cancelled', 10],
      ],
    ],
    [
      'begins after a part of it',
      [asked, offered, lost, called, won],
      [
        ['answer', undefined, 'met', 15],
        ['handoff', 'time-to-action', 'cancelled', 10],
        ['time-to-action', undefined, 'cancelled', 10],
      ],
    ],
  ] as const)(
    'row 22: come to the same where the whole %s, whatever the order in which it became known',
    async (_, story, end) => {
      for (const order of permutations(story.map((_, i) => i))) {
        const here = world(...family)
        // all of it lies within an hour, so nothing is historical
        here.now = NOON + 40 * MINUTE
        for (const i of order) {
          const [type, data] = story[i]!
          await here.tell(type, data, { at: NOON + i * 5 * MINUTE })
        }
        const { clocks } = (await here.kept('lead:l')) as LeadKept
        const policies = new Map(clocks.map(({ id, policy }) => [id, policy]))
        const ends = clocks.map(({ policy, parent, clock }) => {
          const at = endOf(clock.said)?.at
          const minutes = at === undefined ? undefined : (at - NOON) / MINUTE
          return [policy, parent === undefined ? undefined : policies.get(parent), clock.said.outcome, minutes]
        })
        expect(ends.toSorted(([a], [b]) => (a! < b! ? -1 : 1))).toEqual(end)
      }
    },
  )

  it('row N3: are replayed with what they are parts of, and come to what was told', async () => {
    const here = world(...family)
    await here.tell(...offered)
    await here.tell(...asked)
    await here.wait(30 * MINUTE)
    await here.tell(...lost)
    await here.wait(DAY)
    const { positions } = await here.store.tail.heads()
    const log = await here.store.tail.read({}, positions, 1000)
    const judged = async (policy: LeadPolicy) =>
      whatIf({
        pages: (async function* () {
          yield log
        })(),
        w: here.now,
        definitions: rulesWith(...family),
        drafts: [{ kind: 'sla', value: policy }],
        drafted: rulesWith(),
      })
    expect(await judged(response)).toMatchObject({ gained: [], lost: [], unlike: [], told: { started: 1, missed: [] } })
    const { parent: _, ...alone } = response
    expect((await judged(alone)).gained).toMatchObject([{ policy: 'answer', lead: 'l' }])
  })

  it('are gone through after what they are parts of', () => {
    expect(leadPolicies(family).map(({ id }) => id)).toEqual(['time-to-action', 'answer', 'handoff'])
  })
})

const permutations = (of: readonly number[]): number[][] =>
  of.length === 0
    ? [[]]
    : of.flatMap((one) => permutations(of.filter((other) => other !== one)).map((rest) => [one, ...rest]))
