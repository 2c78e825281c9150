import type { Dims, Line } from '../../line.js'
import { changes, sameDims, samePassed } from '../compare.js'
import { knownAfter, type Passed } from '../dims.js'
import { withFact } from '../fact.js'
import type { Context, Message, News, React } from '../node.js'
import { withKey, type Capture, type LeadState } from '../state.js'
import { leadLines } from './lines.js'
import { withParents } from './parents.js'

/**
 * A lead: books what its lines change, and tells its deals and clocks when what it passes on to them is another, and its
 * person when its first capture is.
 */
export const lead: React<'lead'> = (key, before, news, context) => {
  const after = leadAfter(before, news, context)
  if (after === before) return undefined
  const was = leadLines(key, before, context.versions)
  const is = leadLines(key, after, context.versions)
  return {
    after,
    lines: changes(was, is),
    tell: [...tellDependents(before, after), ...tellPerson(captureFor(before, was), captureFor(after, is))],
  }
}

/** The first capture among the lines of a lead, and whose it is; none where nobody's. */
function captureFor({ person }: LeadState, lines: readonly Line[]): CaptureFor | undefined {
  const line = lines.find(({ measure }) => measure === 'lead.captured')
  return person === undefined || !line
    ? undefined
    : { person, lead: line.subject.id, at: line.occurred, dims: line.dims }
}

interface CaptureFor extends Capture {
  readonly person: string
}

function tellPerson(was: CaptureFor | undefined, is: CaptureFor | undefined): Message[] {
  if (was?.person === is?.person && was?.at === is?.at && sameDims(was?.dims ?? {}, is?.dims ?? {})) return []
  const messages: Message[] = []
  if (was && was.person !== is?.person)
    messages.push({ kind: 'person', key: was.person, news: { lostCapture: was.lead } })
  if (is) {
    const { person, ...capture } = is
    messages.push({ kind: 'person', key: person, news: { capture: { ...capture, dims: sorted(capture.dims) } } })
  }
  return messages
}

/** By id, so that states are equal to the letter whichever definitions are applied by the time they are folded. */
const sorted = (dims: Dims): Dims => Object.fromEntries(Object.entries(dims).toSorted(([a], [b]) => (a < b ? -1 : 1)))

function tellDependents(before: LeadState, after: LeadState): Message[] {
  const { deals, clocks = [] } = after
  if (!deals.length && !clocks.length) return []
  const passed = passedOn(after)
  if (samePassed(passed, passedOn(before))) return []
  return [
    ...deals.map((key) => ({ kind: 'deal', key, news: { passed } }) as const),
    ...clocks.map((key) => ({ kind: 'clock', key, news: { passed } }) as const),
  ]
}

/** What a lead passes on to its deals and clocks, as known now; a reason is that of an event and not the lead's to pass on. */
export function passedOn({ facts, touch }: LeadState): Passed {
  const { channel, campaign } = touch ?? {}
  const { reason: _, ...about } = knownAfter(facts).at(-1) ?? {}
  return {
    about,
    touch: { ...(channel === undefined ? {} : { channel }), ...(campaign === undefined ? {} : { campaign }) },
  }
}

function leadAfter(before: LeadState, news: News['lead'], context: Context): LeadState {
  if ('fact' in news) return withParents({ ...before, facts: withFact(before.facts, news.fact) }, context)
  if ('parents' in news) return withParents(before, context)
  if ('lostDeal' in news) {
    const { [news.lostDeal]: _, ...won } = before.won
    return { ...before, won, deals: before.deals.filter((deal) => deal !== news.lostDeal) }
  }
  if ('clock' in news) return { ...before, clocks: withKey(before.clocks ?? [], news.clock) }
  const { [news.deal]: _, ...won } = before.won
  return {
    ...before,
    won: news.won === undefined ? won : { ...won, [news.deal]: news.won },
    deals: withKey(before.deals, news.deal),
  }
}
