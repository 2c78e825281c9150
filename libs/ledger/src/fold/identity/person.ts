import type { React } from '../node.js'
import { withKey, type FirstTouch, type PersonState } from '../state.js'
import { earliest } from './touch.js'

/** A person: the first touches of its visitors, of which the earliest is the person's. */
export const person: React<'person'> = (_, before, news) => {
  if ('lead' in news) {
    const leads = withKey(before.leads, news.lead)
    return leads === before.leads ? undefined : { after: { ...before, leads } }
  }
  const after = { ...before, visitors: visitorsAfter(before.visitors, news) }
  if (firstOf(before)?.id === firstOf(after)?.id) return { after }
  return { after, tell: after.leads.map((key) => ({ kind: 'lead', key, news: { parents: 'changed' } })) }
}

/** The person's first touch. */
export const firstOf = ({ visitors }: PersonState): FirstTouch | undefined => earliest(Object.values(visitors))

function visitorsAfter(
  visitors: PersonState['visitors'],
  news: { readonly visitor: string; readonly first: FirstTouch | null } | { readonly lostVisitor: string },
): PersonState['visitors'] {
  if ('visitor' in news) return { ...visitors, [news.visitor]: news.first }
  const { [news.lostVisitor]: _, ...others } = visitors
  return others
}
