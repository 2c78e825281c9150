import type { Instant } from '@funnel/events'
import { matchAccount, matchKeys } from '@funnel/domain'
import { personKey, withKey, withoutKey } from '../ties/keys.js'
import { personBehind, type Of } from '../ties/ties.js'
import type { AccountKept, PlaceKept } from './kept.js'
import { accountKey, placeKey } from './links.js'
import { leadOf, personOf, type Step } from './people.js'
import { placesOf, workplaceIn, workplaceOf } from './workplace.js'

/** Leads that wait for a company to be recorded, at most, at one place; the oldest are forgotten. */
const MOST_WAITING = 1000

/** Takes in what was reported of a company. Gives the leads that waited for one like it. */
export function recordedAccount(
  { data: { account, company, domains } }: Of<'account.recorded'>,
  recorded: Instant,
  turn: Step,
): ReadonlySet<string> {
  const key = accountKey(account)
  const known = turn.get(key) as AccountKept | undefined
  const named = company ?? known?.company
  const after: AccountKept = {
    ...(named !== undefined && { company: named }),
    domains: domains ?? known?.domains ?? [],
    since: known?.since ?? recorded,
  }
  turn.set(key, after)
  const places = new Set(matchKeys(after))
  for (const place of known ? matchKeys(known) : [])
    if (!places.has(place)) change(place, ({ accounts }) => ({ accounts: withoutKey(accounts, account) }), turn)
  for (const place of places) change(place, ({ accounts }) => ({ accounts: withKey(accounts, account) }), turn)
  return new Set([...places].flatMap((place) => placeOf(place, turn).waiting))
}

/** Whether an event tells where the person of a lead works. */
export const tellsOfWork = ({
  properties = {},
}: {
  readonly properties?: Readonly<Record<string, unknown>>
}): boolean => Object.keys(workplaceIn(properties)).length > 0

/** Asks to match the person of a lead to a company by where the lead says that they work; while there is none it waits. */
export function match(lead: string, event: string, turn: Step): void {
  const kept = leadOf(turn, lead)
  const person = personBehind(lead, turn.get)
  if (person === undefined) return
  const workplace = workplaceOf(kept)
  const places = placesOf(workplace)
  const accounts = [...new Set(places.flatMap((place) => placeOf(place, turn).accounts))].flatMap((account) => {
    const known = turn.get(accountKey(account)) as AccountKept | undefined
    return known ? [{ account, ...known }] : []
  })
  const found = matchAccount(workplace, accounts)
  for (const place of places)
    change(
      place,
      ({ waiting }) => ({ waiting: found ? withoutKey(waiting, lead) : withKey(waiting, lead).slice(-MOST_WAITING) }),
      turn,
    )
  if (!found) return
  matched(person, found.account, event, turn)
  turn.command('match-account', { type: 'person.match-account', person, ...found, because: [event] })
}

/** A person belongs to a company. */
export function matched(person: string, account: string, event: string, turn: Step): void {
  turn.set(personKey(person), { ...personOf(turn, person), account: { id: account, event } })
}

const placeOf = (place: string, turn: Pick<Step, 'get'>): PlaceKept =>
  (turn.get(placeKey(place)) as PlaceKept | undefined) ?? { accounts: [], waiting: [] }

/** Keeps what is new of a place; one without companies and without anybody who waits is forgotten. */
function change(place: string, news: (before: PlaceKept) => Partial<PlaceKept>, turn: Step): void {
  const before = placeOf(place, turn)
  const after = { ...before, ...news(before) }
  turn.set(placeKey(place), after.accounts.length || after.waiting.length ? after : undefined)
}
