import { lastOf, type Happened } from './happened.js'
import type { identities } from './identity.js'

/**
 * The touch that a lead is attributed to, by the facts of the lead; `all` is everything in order. A visitor counts by the
 * first touch at which it did not say no; whether its person had said no before is judged once it is known whose it is.
 */
export function firstTouches(
  all: readonly Happened[],
  { personOf, personOfLead, rootOf }: ReturnType<typeof identities>,
) {
  const placeOf = (one: Happened) => all.indexOf(one)
  const arrivals = all.filter(
    (touch, i) =>
      agreed(touch) &&
      !all.some((other, j) => j < i && agreed(other) && other.data['visitor'] === touch.data['visitor']),
  )
  const wordBefore = (touch: Happened, person: unknown) =>
    all.findLast(
      (one) =>
        one.type === 'person.consent-recorded' &&
        wordIn(one, 'purposes') !== undefined &&
        rootOf(one.data['person']) === person &&
        placeOf(one) < placeOf(touch),
    )
  const withdrawn = (touch: Happened, person: unknown) => {
    const word = wordBefore(touch, person)
    return word !== undefined && wordIn(word, 'purposes') === false
  }
  return (lead: readonly Happened[]): Happened | undefined => {
    const visitor = lastOf(lead, 'visitor')
    const person = personOfLead(lead)
    if (person === undefined) return arrivals.find(({ data }) => data['visitor'] === visitor)
    return arrivals.find((touch) => personOf(touch.data['visitor']) === person && !withdrawn(touch, person))
  }
}

const agreed = (one: Happened): boolean => one.type === 'touchpoint.recorded' && wordIn(one, 'consent') !== false

/** Yes or no to attribution, where it is told. */
const wordIn = ({ data }: Happened, field: 'consent' | 'purposes'): unknown =>
  (data[field] as { readonly attribution?: boolean } | undefined)?.attribution
