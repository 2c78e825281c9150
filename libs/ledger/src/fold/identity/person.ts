import { withFact } from '../fact.js'
import type { News, React } from '../node.js'
import { withKey, type FirstTouch, type PersonState } from '../state.js'

/** A person: the first touches of its visitors, of which the earliest is the person's. */
export const person: React<'person'> = (_, before, news) => {
  if ('lead' in news) {
    const leads = withKey(before.leads, news.lead)
    return leads === before.leads ? undefined : { after: { ...before, leads } }
  }
  const after = { ...before, touches: touchesAfter(before.touches, news) }
  if (firstOf(before)?.id === firstOf(after)?.id) return { after }
  return { after, tell: after.leads.map((key) => ({ kind: 'lead', key, news: { parents: 'changed' } })) }
}

/** The person's first touch. */
export const firstOf = ({ touches }: PersonState): FirstTouch | undefined => touches[0]

function touchesAfter(
  touches: PersonState['touches'],
  news: Exclude<News['person'], { readonly lead: string }>,
): PersonState['touches'] {
  if ('lostVisitor' in news) return touches.filter(({ visitor }) => visitor !== news.lostVisitor)
  const others = touches.filter(({ visitor }) => visitor !== news.visitor)
  return withFact(others, { ...news.first, visitor: news.visitor })
}
