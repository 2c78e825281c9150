import { describe, expect, it } from '@jest/globals'
import { evolved, type Decided } from '../decider.js'
import { NOON, specOf } from '../testing/given.js'
import { leadRules } from '../testing/lead-rules.js'
import { NOTE } from '../testing/reasons.js'
import { leadDecider } from './lead.js'

const decider = leadDecider(leadRules)
const { given } = specOf(decider)
const HOUR = 3_600_000
const DEADLINE = NOON + 4 * HOUR
const about = { lead: 'l1', handoff: 'h1' }
const next = { ...about, handoff: 'h2' }

const captured: Decided = { type: 'lead.captured', data: { lead: 'l1', owner: 'mia' } }
const mql: Decided = { type: 'lead.stage-entered', data: { lead: 'l1', stage: 'mql' } }
const offered = (options: { fallback?: string; assignee?: string } = {}): Decided => ({
  type: 'handoff.offered',
  data: {
    ...about,
    ...(options.assignee === undefined ? { queue: 'q1' } : {}),
    ...options,
    deadline: '2026-01-05T16:00:00.000Z',
  },
})
const accepted = (owner: string): Decided => ({ type: 'handoff.accepted', data: { ...about, owner, stage: 'sal' } })
const assigned = (owner: string): Decided => ({ type: 'lead.assigned', data: { lead: 'l1', owner } })
const rejected: Decided = { type: 'handoff.rejected', data: { ...about, reason: 'fit' } }
const expired: Decided = { type: 'handoff.expired', data: about }
const withdrawn: Decided = { type: 'handoff.withdrawn', data: about }

const offer = (to: object, deadline = DEADLINE) => ({ type: 'handoff.offer' as const, ...about, deadline, ...to })
const accept = (owner: string) => ({ type: 'handoff.accept', ...about, owner }) as const
const reject = { type: 'handoff.reject', ...about, reason: 'fit' } as const
const expire = { type: 'handoff.expire', ...about } as const
const withdraw = { type: 'handoff.withdraw', ...about } as const
const feedback = { type: 'handoff.raise-feedback', ...about } as const

const detailsOf = (events: readonly Decided[], command: Parameters<typeof decider.decide>[0], at = NOON) => {
  try {
    decider.decide(
      command,
      evolved(
        decider,
        events.map((event) => ({ ...event, at: NOON })),
      ),
      at,
    )
  } catch (error) {
    return (error as { details: object }).details
  }
  return undefined
}

describe('row 9: an offer', () => {
  it('goes to a person or to a queue, with a deadline', () => {
    given(captured)
      .when(offer({ queue: 'q1' }))
      .then(offered())
    given(captured)
      .when(offer({ assignee: 'ann', fallback: 'tom' }))
      .then(offered({ assignee: 'ann', fallback: 'tom' }))
    given(captured)
      .when(offer({}))
      .thenRefused('INVALID', /to an assignee or to a queue/)
    given(captured)
      .when(offer({ assignee: 'ann', queue: 'q1' }))
      .thenRefused('INVALID', /name one of them/)
  })

  it.each([NOON, NOON - 1, Number.NaN, NOON + 0.5, Date.UTC(10_000, 0), Infinity])(
    'has a deadline that lies ahead and is an instant: not %p',
    (deadline) => {
      given(captured)
        .when(offer({ queue: 'q1' }, deadline))
        .thenRefused('INVALID', /deadline/)
    },
  )

  it('stands alone', () => {
    given(captured, offered())
      .when({ ...offer({ queue: 'q1' }), ...next })
      .thenRefused('REJECTED', /handoff h1 of lead l1 is open/)
  })

  it('never takes an id again', () => {
    given(captured, offered(), rejected)
      .when(offer({ queue: 'q1' }))
      .thenRefused('REJECTED', /take a new id/)
  })

  it('is made anew after a rejection, an expiry or a withdrawal', () => {
    const { data } = offered()
    for (const answer of [rejected, expired, withdrawn])
      given(captured, offered(), answer)
        .when({ ...offer({ queue: 'q1' }), ...next })
        .then({ type: 'handoff.offered', data: { ...data, ...next } } as Decided)
  })

  it('of a lead that is lost or converted is refused', () => {
    given(captured, { type: 'lead.stage-entered', data: { lead: 'l1', stage: 'spam' } })
      .when(offer({ queue: 'q1' }))
      .thenRefused('REJECTED', /is lost/)
    given(captured, { type: 'lead.converted', data: { lead: 'l1' } })
      .when(offer({ queue: 'q1' }))
      .thenRefused('REJECTED', /is converted/)
  })
})

describe('row 9: an acceptance', () => {
  it('makes the one who accepts the owner and enters the stage of accepted leads', () => {
    given(captured, mql, offered()).when(accept('ann')).then(accepted('ann'), assigned('ann'))
  })

  it('by the owner assigns nobody', () => {
    given(captured, mql, offered()).when(accept('mia')).then(accepted('mia'))
  })

  it('enters no stage that the lead is in or past already', () => {
    for (const stage of ['sal', 'sql'])
      given(captured, { type: 'lead.stage-entered', data: { lead: 'l1', stage } }, offered())
        .when(accept('mia'))
        .then({ type: 'handoff.accepted', data: { ...about, owner: 'mia' } })
  })

  it('loses the race against another one and is told who won', () => {
    const won = [captured, offered(), accepted('ann'), assigned('ann')]
    given(...won)
      .when(accept('bob'))
      .thenRefused('REJECTED', /accepted already/)
    expect(detailsOf(won, accept('bob'))).toEqual({ ...about, reason: 'ALREADY_ACCEPTED', owner: 'ann' })
    expect(detailsOf(won, accept('ann'))).toEqual({ ...about, reason: 'ALREADY_ACCEPTED', owner: 'ann' })
  })

  it('stays, whatever else is recorded of the handoff', () => {
    for (const [first, second, reason] of [
      [accepted('ann'), expired, 'ALREADY_ACCEPTED'],
      [expired, accepted('ann'), 'ALREADY_EXPIRED'],
      [rejected, accepted('ann'), 'ALREADY_REJECTED'],
    ] as const)
      expect(detailsOf([captured, offered(), first, second], accept('bob'))).toMatchObject({ reason })
  })

  it('comes before the deadline, not at it, though the expiry is not recorded yet', () => {
    given(captured, mql, offered())
      .when(accept('mia'), DEADLINE - 1)
      .then(accepted('mia'))
    for (const command of [accept('mia'), reject, withdraw])
      given(captured, mql, offered())
        .when(command, DEADLINE)
        .thenRefused('REJECTED', /expired at 2026-01-05T16:00:00.000Z/)
    expect(detailsOf([captured, offered()], accept('mia'), DEADLINE)).toMatchObject({ reason: 'ALREADY_EXPIRED' })
  })

  it('of a lead that was reported lost meanwhile is refused', () => {
    given(captured, offered(), { type: 'lead.stage-entered', data: { lead: 'l1', stage: 'spam' } })
      .when(accept('ann'))
      .thenRefused('REJECTED', /is lost/)
  })

  it('of what was never offered is not found', () => {
    given(captured)
      .when(accept('ann'))
      .thenRefused('NOT_FOUND', /no handoff h1/)
    given(captured)
      .when({ ...accept('ann'), handoff: '__proto__' })
      .thenRefused('NOT_FOUND', /no handoff/)
  })
})

describe('row 9: an expiry', () => {
  it('is never early', () => {
    given(captured, offered())
      .when(expire, DEADLINE - 1)
      .thenRefused('REJECTED', /open until 2026-01-05T16:00:00.000Z/)
    given(captured, offered()).when(expire, DEADLINE).then(expired)
  })

  it('gives the lead to the fallback owner', () => {
    given(captured, offered({ fallback: 'tom' }))
      .when(expire, DEADLINE)
      .then(expired, assigned('tom'))
    given(captured, offered({ fallback: 'mia' }))
      .when(expire, DEADLINE)
      .then(expired)
  })

  it('does not come to what was answered', () => {
    for (const [answer, reason] of [
      [accepted('ann'), 'ALREADY_ACCEPTED'],
      [rejected, 'ALREADY_REJECTED'],
      [withdrawn, 'ALREADY_WITHDRAWN'],
      [expired, 'ALREADY_EXPIRED'],
    ] as const)
      expect(detailsOf([captured, offered(), answer], expire, DEADLINE)).toMatchObject({ reason })
  })
})

describe('row 9: a withdrawal', () => {
  it('comes while the offer is open', () => {
    given(captured, offered()).when(withdraw).then(withdrawn)
    given(captured, offered(), withdrawn)
      .when(withdraw)
      .thenRefused('REJECTED', /was withdrawn already/)
    given(captured, offered(), withdrawn)
      .when(accept('ann'))
      .thenRefused('REJECTED', /was withdrawn already/)
  })
})

describe('row 10: a rejection', () => {
  it('needs a reason of the shared taxonomy, and a note where that says too little', () => {
    given(captured, offered()).when(reject).then(rejected)
    given(captured, offered())
      .when({ ...reject, reason: 'mood' })
      .thenRefused('INVALID', /taxonomy rejected/)
    given(captured, offered())
      .when({ ...reject, reason: 'other' })
      .thenRefused('INVALID', /add a note/)
    given(captured, offered())
      .when({ ...reject, reason: 'other', note: NOTE })
      .then({ type: 'handoff.rejected', data: { ...about, reason: 'other', note: NOTE } })
  })

  it('leaves owner and stage as they were, so the lead is marketing’s again', () => {
    const after = (...events: Decided[]) =>
      evolved(
        decider,
        events.map((event) => ({ ...event, at: NOON })),
      )
    const { handoffs: _, ...before } = after(captured, mql)
    expect(after(captured, mql, offered(), rejected)).toMatchObject(before)
  })

  it('is fed back once, with its reason and where the lead came from', () => {
    const from = { channel: 'search', campaign: 'spring', because: [NOTE] }
    const raised: Decided = { type: 'handoff.feedback-raised', data: { ...about, ...from, reason: 'fit' } }
    given(captured, offered(), rejected)
      .when({ ...feedback, ...from })
      .then(raised)
    given(captured, offered(), rejected, raised).when(feedback).thenNothing()
  })

  it('is fed back even after the lead was offered anew', () => {
    const again = { ...offered(), data: { ...offered().data, handoff: 'h2' } } as Decided
    given(captured, offered(), rejected, again)
      .when(feedback)
      .then({ type: 'handoff.feedback-raised', data: { ...about, reason: 'fit' } })
  })

  it('that did not happen teaches nothing', () => {
    given(captured, offered())
      .when(feedback)
      .thenRefused('REJECTED', /was not rejected/)
    given(captured, offered(), accepted('ann'))
      .when(feedback)
      .thenRefused('REJECTED', /was not rejected/)
  })
})
