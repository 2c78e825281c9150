import { factOrder, withFact } from '../fact.js'
import type { Context, Message, News, React } from '../node.js'
import {
  stateOf,
  withKey,
  type Absorbed,
  type FirstTouch,
  type FoldState,
  type PersonState,
  type Traces,
} from '../state.js'
import { captured } from './captures.js'
import { isAttributable } from './consent.js'

/**
 * An id of a person: the first touches of its visitors and of the ids absorbed into it, of which the earliest that may be
 * attributed is its own. One that is absorbed passes its traces on, and its leads are those of the root; released again, it
 * still has all that was recorded under it.
 *
 * Its own decisions come in the order of their versions. Those of several ids lie in several partitions and may come in
 * another order than they were made, so one that would make a circle is not dropped: it waits until it makes none. What no
 * decider lets pass changes nothing: to absorb an id that is absorbed already, to release one from another.
 */
export const person: React<'person'> = (key, before, news, context) => {
  if ('root' in news) return { after: before, tell: below(before) }
  if ('capture' in news) return captured(key, before, news.capture.lead, news.capture)
  if ('lostCapture' in news) return captured(key, before, news.lostCapture)
  const after = personAfter(key, before, news, context)
  if (after === before) return undefined
  if (before.into !== after.into)
    return {
      after,
      tell: [
        ...(before.into === undefined ? [] : lost(key, before.into, context)),
        ...(after.into === undefined ? [] : passedUp(key, after.into, after)),
        ...below(after),
      ],
    }
  if (after.into !== undefined)
    return { after, tell: sameTraces(before, after) ? [] : passedUp(key, after.into, after) }
  return { after, tell: firstOf(before)?.id === firstOf(after)?.id ? [] : below(after) }
}

/** The first touch of an id and of all that is merged into it that may be attributed. */
export function firstOf(person: PersonState): FirstTouch | undefined {
  const { touches, consents } = tracesOf(person)
  return touches.find((touch) => isAttributable(touch, consents))
}

/** The traces of an id and of all that is merged into it: what one of them said holds for all. */
function tracesOf({ touches, consents, absorbed }: PersonState): Traces {
  if (!absorbed) return consents ? { touches, consents } : { touches }
  const said = [...(consents ?? []), ...absorbed.flatMap((one) => one.consents ?? [])].toSorted(factOrder)
  return {
    touches: [...touches, ...absorbed.flatMap((one) => one.touches)].toSorted(factOrder),
    ...(said.length ? { consents: said } : {}),
  }
}

/** Whether what is passed up is the same; ids tell facts apart, and states are never changed in place. */
function sameTraces(before: PersonState, after: PersonState): boolean {
  if (before.touches === after.touches && before.consents === after.consents && before.absorbed === after.absorbed)
    return true
  const ids = ({ touches, consents = [] }: Traces) => [...touches, ...consents].map(({ id }) => id).join()
  return ids(tracesOf(before)) === ids(tracesOf(after))
}

/** The person that an id stands for: itself, or the root of what it is merged into. */
export function rootOf(state: Pick<FoldState, 'get'>, key: string): string {
  for (let root = key; ;) {
    const { into } = stateOf(state, 'person', root)
    if (into === undefined) return root
    root = into
  }
}

type Told = Exclude<
  News['person'],
  { readonly root: unknown } | { readonly capture: unknown } | { readonly lostCapture: unknown }
>

function personAfter(key: string, before: PersonState, news: Told, context: Context): PersonState {
  if ('lead' in news) {
    const leads = withKey(before.leads, news.lead)
    return leads === before.leads ? before : { ...before, leads }
  }
  if ('visitor' in news) {
    const others = before.touches.filter(({ visitor }) => visitor !== news.visitor)
    return { ...before, touches: withFact(others, { ...news.first, visitor: news.visitor }) }
  }
  if ('lostVisitor' in news)
    return { ...before, touches: before.touches.filter(({ visitor }) => visitor !== news.lostVisitor) }
  if ('account' in news) return { ...before, account: news.account }
  if ('consent' in news) return { ...before, consents: withFact(before.consents ?? [], news.consent) }
  const { into, waiting, ...free } = before
  if ('absorbedInto' in news)
    return (into ?? waiting) === undefined ? absorbedInto(news.absorbedInto, key, free, context) : before
  if ('released' in news) return waiting === undefined ? before : absorbedInto(waiting, key, free, context)
  if ('releasedFrom' in news) return (into ?? waiting) === news.releasedFrom ? free : before
  const { absorbed: known = [], ...own } = before
  const absorbed =
    'lostAbsorbed' in news
      ? known.filter(({ person }) => person !== news.lostAbsorbed)
      : [...known.filter(({ person }) => person !== news.absorbed), absorbedOne(news)]
  return absorbed.length ? { ...own, absorbed: absorbed.toSorted((a, b) => (a.person < b.person ? -1 : 1)) } : own
}

const absorbedInto = (into: string, key: string, free: PersonState, { state }: Context): PersonState =>
  rootOf(state, into) === key ? { ...free, waiting: into } : { ...free, into }

const absorbedOne = ({ absorbed: person, touches, consents }: { readonly absorbed: string } & Traces): Absorbed => ({
  person,
  touches,
  ...(consents ? { consents } : {}),
})

const passedUp = (key: string, into: string, after: PersonState): Message[] => [
  { kind: 'person', key: into, news: { absorbed: key, ...tracesOf(after) } },
]

/** The root may have waited for this one to go. */
const lost = (key: string, from: string, { state }: Context): Message[] => [
  { kind: 'person', key: from, news: { lostAbsorbed: key } },
  { kind: 'person', key: rootOf(state, from), news: { released: 'below' } },
]

/** Whoever has what it is from this id: leads look up themselves which person and which touch is theirs. */
const below = ({ leads, absorbed = [] }: PersonState): Message[] => [
  ...leads.map((key) => ({ kind: 'lead', key, news: { parents: 'changed' } }) as const),
  ...absorbed.map((one) => ({ kind: 'person', key: one.person, news: { root: 'changed' } }) as const),
]
