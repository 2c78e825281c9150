import {
  FunnelError,
  refusalOf,
  typeOf,
  validateEvent,
  type Accepted,
  type Defaults,
  type Envelope,
  type Refused,
  type Supplied,
  type Validation,
} from '@funnel/events'
import type { EventStore } from '../event-store.js'
import { personalOf } from './personal.js'
import type { Personal, Vault } from './vault.js'

/** An event that was accepted, but for its person, and what it tells of the person. */
interface Introducing {
  readonly verdict: Accepted
  readonly personal: Personal
  /** The event names no person, and could: the door puts in who it is. */
  readonly supply: boolean
}

/** The verdict on an event, as far as the event alone tells it. */
export type Judged = { readonly verdict: Validation } | Introducing

/** An event fit for the log, and whether the door put the person in. */
export interface Fit extends Accepted {
  readonly personSupplied?: true
}

type Raw = Readonly<Record<string, unknown>>

/** Stands for the person while the rest of the event is judged. */
const SOMEBODY = 'somebody'

/** Judges an event from outside that may tell of a person beside its data, under `personal`. Never throws on input. */
export function judged(raw: Raw, defaults: Defaults): Judged {
  if (raw['personal'] === undefined) return { verdict: validateEvent(raw, defaults) }
  const { personal: told, ...event } = raw
  try {
    const personal = personalOf(told)
    const data = event['data']
    const properties = typeof data === 'object' && data !== null ? (data as Raw) : undefined
    const takes = takesPerson(event['type'])
    const named = takes && properties?.['person'] !== undefined
    if (!named && personal.email === undefined && personal.phone === undefined)
      throw new FunnelError(
        'INVALID',
        `personal tells of nobody: add email or phone${takes ? ', or say who it is in data.person' : ''}`,
        { field: 'personal' },
      )
    const supply = takes && !named && properties !== undefined
    const whole = supply ? { ...event, data: { ...properties, person: SOMEBODY } } : event
    const verdict = validateEvent(whole, defaults)
    return verdict.ok && !declines(verdict.event) ? { verdict, personal, supply } : { verdict }
  } catch (error) {
    if (!(error instanceof FunnelError)) throw error
    return { verdict: refusalOf(error) }
  }
}

/**
 * The verdicts with the persons in place: found or made by the vault, which has kept what was told when this resolves.
 * An event about somebody who was erased is recorded without the person; where it says nothing without, it is refused,
 * unless it was recorded before: then it is the same event.
 */
export async function introduced(
  vault: Pick<Vault, 'introduce'>,
  store: Pick<EventStore, 'find'>,
  all: readonly Judged[],
  receivedAt: number,
): Promise<readonly (Fit | Refused)[]> {
  const telling = all.filter((one) => 'personal' in one)
  if (!telling.length) return all.map(({ verdict }) => verdict)
  const persons = await vault.introduce(
    telling.map(({ verdict: { event }, personal, supply }) => {
      const { person } = event.data as { readonly person?: string }
      const at = Math.min(Date.parse(event.time), receivedAt)
      const withheld = withholds(event)
      return { personal, at, withheld, ...(!supply && takesPerson(event.type) && person !== undefined && { person }) }
    }),
  )
  const found = new Map(telling.map((one, i) => [one as Judged, persons[i]]))
  return Promise.all(
    all.map(async (one) => {
      if (!('personal' in one) || !one.supply) return one.verdict
      const person = found.get(one)
      return person === undefined ? withoutPerson(one.verdict, store) : withPerson(one.verdict, person)
    }),
  )
}

/** What the door put into events; undefined where it put in nothing. */
export function suppliedTo(fit: readonly Fit[]): ReadonlyMap<Envelope, Supplied> | undefined {
  const supplied = new Map<Envelope, Supplied>()
  for (const { event, timeSupplied: time, schemaSupplied: dataschema, personSupplied: person = false } of fit)
    if (time || dataschema || person) supplied.set(event, { time, dataschema, person })
  return supplied.size ? supplied : undefined
}

/** Whether an event is a contact at which the purpose `profile` was declined: then it introduces nobody. */
const declines = ({ data }: Envelope): boolean =>
  (data as { readonly consent?: { readonly profile?: boolean } }).consent?.profile === false

/** Whether an event is a person's no to the purpose `profile`: it says whose no it is, and nothing else of that is kept. */
const withholds = ({ type, data }: Envelope): boolean =>
  type === 'person.consent-recorded' &&
  (data as { readonly purposes: { readonly profile?: boolean } }).purposes.profile === false

function withPerson(verdict: Accepted, person: string): Fit {
  const { event } = verdict
  const partitionkey = typeOf(event.type)!.key === 'person' ? person : event.partitionkey
  return {
    ...verdict,
    event: { ...event, partitionkey, data: { ...(event.data as Raw), person } },
    personSupplied: true,
  }
}

async function withoutPerson(verdict: Accepted, store: Pick<EventStore, 'find'>): Promise<Fit | Refused> {
  const { event } = verdict
  const { person: _, ...data } = event.data as Raw
  if (!typeOf(event.type)!.schema.required?.includes('person')) return { ...verdict, event: { ...event, data } }
  const known = (await store.find(event.id))?.event.data as { readonly person?: string } | undefined
  if (known?.person !== undefined) return withPerson(verdict, known.person)
  return refusalOf(
    new FunnelError('REJECTED', 'the person was erased, and this event says nothing without: it is not recorded', {
      field: 'personal',
    }),
  )
}

const takesPerson = (name: unknown): boolean => {
  const type = typeof name === 'string' ? typeOf(name) : undefined
  return type !== undefined && 'person' in type.schema.properties
}
