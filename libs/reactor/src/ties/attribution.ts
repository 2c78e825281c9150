import type { Instant } from '@funnel/events'
import { personKey } from './keys.js'
import { personTies, type Keeping, type Of, type PersonTies } from './ties.js'

/** A word on attribution. */
export type Said = {
  readonly at: Instant
  readonly given: boolean
}

/** What is kept of a person beside its ties: what was said on attribution, as it came. */
export type Consents = {
  readonly consents?: readonly Said[]
}

/** A person said what its touches may be used for. */
export function said({ data: { person, purposes } }: Of<'person.consent-recorded'>, at: Instant, turn: Keeping): void {
  const given = purposes['attribution']
  if (given === undefined) return
  const known: PersonTies & Consents = personTies(turn, person)
  turn.set(personKey(person), { ...known, consents: [...(known.consents ?? []), { at, given }] } as never)
}

/** As the ledger has it: the last word before the touch was not no. */
export const mayBeAttributed = (touch: { readonly at: Instant }, consents: readonly Said[]): boolean =>
  consents
    .filter(({ at }) => at < touch.at)
    .toSorted((a, b) => a.at - b.at)
    .at(-1)?.given !== false
