import type { Line } from '../../line.js'
import { changes } from '../compare.js'
import type { Reaction } from '../node.js'
import type { Capture, PersonState } from '../state.js'

/**
 * What a person adds to the measures: `person.captured`, once, by the first capture of any of its leads, of several at one
 * instant that of the lead whose id comes first. Dated then, with the dimension values that this lead is counted with. Leads
 * of ids that are merged are the root's, so an absorbed id adds nothing while the merge stands; a lead whose person is not
 * known counts for nobody.
 */
const personLines = (id: string, { captures: [first] = [] }: PersonState): Line[] =>
  first
    ? [
        {
          measure: 'person.captured',
          amount: 1,
          occurred: first.at,
          subject: { kind: 'person', id },
          dims: first.dims,
        },
      ]
    : []

/** The person with another capture of a lead, or, without one, with none of it. */
export function captured(key: string, before: PersonState, lead: string, capture?: Capture): Reaction<PersonState> {
  const { captures = [], ...rest } = before
  const now = captures.filter((one) => one.lead !== lead).concat(capture ?? [])
  const after = now.length ? { ...rest, captures: now.toSorted(captureOrder) } : rest
  return { after, lines: changes(personLines(key, before), personLines(key, after)) }
}

const captureOrder = (a: Capture, b: Capture): number => a.at - b.at || (a.lead < b.lead ? -1 : 1)
