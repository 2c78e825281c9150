import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { derivedId } from '@funnel/events'
import { random } from '@funnel/testing'
import type { Sent } from './load.js'

/** Promises with very short targets, in milliseconds: a lead that is captured starts a clock of each. */
export const TARGETS = { quick: 1000, steady: 2000, slow: 3000 } as const
export type Promised = keyof typeof TARGETS
export const PROMISES = Object.keys(TARGETS) as Promised[]

/**
 * Of this promise to a gold lead somebody is warned so long before it is due, in milliseconds, and a breach gives the lead
 * to somebody else.
 */
export const GOLDEN: Promised = 'slow'
export const WARNED_BEFORE = 1000
const HEIR = 'mona'
const OWNER = 'sam'

/** Leads of one wave: they are captured within a tenth of a second, so their deadlines fall together, too. */
const LEADS = 200
/** From wave to wave, in milliseconds: a cluster of deadlines each second. */
const EVERY = 3000
/** How far deadlines of a cluster are away from its middle, in milliseconds. */
export const NEAR = 50

const DAY = 86_400_000

/** A lead, and what becomes of it. Instants are milliseconds since 1970. */
export interface Planned {
  readonly lead: string
  readonly gold: boolean
  /** What was told long after it happened: nobody may hear of it. */
  readonly history: boolean
  readonly start: { readonly id: string; readonly at: number }
  /** The answer, or that nobody wants one any more; absent: nothing comes. */
  readonly end?: { readonly id: string; readonly at: number; readonly kind: 'reply' | 'withdrawn' }
}

/** Events to be sent at an instant. */
export interface Sending {
  readonly at: number
  readonly events: readonly Sent[]
}

export interface Wave {
  readonly leads: readonly Planned[]
  readonly sendings: readonly Sending[]
}

/** What a producer sends of a lead: that it was captured, and how it ended. */
export function eventsOf({ lead, gold, start, end }: Planned): readonly [captured: Sent, ended?: Sent] {
  const properties = { tier: gold ? 'gold' : 'plain' }
  const captured: Sent = {
    id: start.id,
    type: 'lead.captured',
    time: iso(start.at),
    data: { lead, owner: OWNER, properties },
  }
  if (!end) return [captured]
  return [captured, { id: end.id, type: 'lead.engaged', time: iso(end.at), data: { lead, kind: end.kind } }]
}

/** When a wave begins, where the first does at `from`. */
export const beginOf = (wave: number, from: number): number => from + wave * EVERY

/**
 * The leads of a wave. Some are never answered, some before they are due, some at the very millisecond, some late; of some
 * answers it comes to be known late, before or after that is judged; some are withdrawn; some are long past.
 */
export function waveOf(wave: number, { seed, from }: { seed: number; from: number }): Wave {
  const next = random(seed * 10_007 + wave)
  const between = (low: number, high: number) => Math.round(low + next() * (high - low))
  const leads: Planned[] = []
  const sent = new Map<number, Sent[]>()
  const send = (at: number, event: Sent) => {
    const when = Math.ceil(at / 100) * 100
    sent.set(when, [...(sent.get(when) ?? []), event])
  }
  for (let i = 0; i < LEADS; i++) {
    const known = beginOf(wave, from) + between(-NEAR, NEAR)
    const history = next() < 0.05
    const lead = `lead-${wave}-${i}`
    const start = { id: derivedId('sla-load', seed, lead, 'start'), at: history ? known - 90 * DAY : known }
    const gold = next() < 0.1
    const fate = fateOf(between, TARGETS[PROMISES[Math.floor(next() * PROMISES.length)]!])
    const end = fate && {
      id: derivedId('sla-load', seed, lead, 'end'),
      at: start.at + fate.after,
      kind: next() < 0.2 ? ('withdrawn' as const) : ('reply' as const),
    }
    const planned: Planned = { lead, gold, history, start, ...(end && { end }) }
    const [captured, ended] = eventsOf(planned)
    leads.push(planned)
    send(known + NEAR, captured)
    if (fate && ended) send(known + fate.after + fate.toldAfter, ended)
  }
  return { leads, sendings: [...sent].map(([at, events]) => ({ at, events })) }
}

/** After how long something ends, and how much later that is told, in milliseconds; undefined: never. */
function fateOf(
  between: (low: number, high: number) => number,
  target: number,
): { readonly after: number; readonly toldAfter: number } | undefined {
  const percent = between(1, 100)
  if (percent <= 30) return undefined
  if (percent <= 45) return { after: between(100, 900), toldAfter: 0 } // before anything is due
  if (percent <= 60) return { after: between(1000, 3000), toldAfter: 0 }
  if (percent <= 75) return { after: target, toldAfter: 0 } // at the very millisecond
  if (percent <= 85) return { after: between(3000, 9000), toldAfter: 0 } // after all was due
  return { after: between(100, 3000), toldAfter: between(0, 7500) }
}

/** Milliseconds until there is a cluster of deadlines or of their cuts, give or take what deadlines are away from its middle. */
export function untilDeadline(from: number, now: number, next: () => number): number {
  const aimed = from + Math.ceil((now + NEAR - from) / 1000) * 1000
  return aimed + Math.round((next() * 2 - 1) * NEAR) - now
}

const agreed = { owners: { marketing: 'm', sales: 's' }, approved: { marketing: 'm', sales: 's' } }

/** Writes the promises, and the team of whoever is named in them, as a folder of definitions. */
export function writePromises(folder: string): void {
  const write = (kind: string, id: string, definition: object) => {
    mkdirSync(join(folder, kind), { recursive: true })
    // JSON is YAML
    writeFileSync(join(folder, kind, `${id}.yaml`), JSON.stringify({ id, version: 1, ...agreed, ...definition }))
  }
  write('teams', 'sellers', {
    name: 'Sellers',
    description: 'Who answers.',
    side: 'sales',
    manager: HEIR,
    members: [HEIR, OWNER],
  })
  for (const id of PROMISES) {
    const target = `${TARGETS[id] / 1000}s`
    const gold = {
      where: { field: 'properties.tier', is: 'gold' },
      target,
      warnings: [{ before: `${WARNED_BEFORE / 1000}s` }],
      escalations: [{ after: '0s', reassign: HEIR }],
    }
    write('sla', id, {
      name: `A ${id} answer`,
      description: `Whoever was captured is answered within ${target}.`,
      party: 'sales',
      starts: [{ event: ['lead.captured'] }],
      stops: [{ event: ['lead.engaged'], where: { field: 'kind', is: 'reply' } }],
      cancels: [{ event: ['lead.engaged'], where: { field: 'kind', is: 'withdrawn' } }],
      recurs: 'once',
      terms: [...(id === GOLDEN ? [gold] : []), { target }],
    })
  }
}

const iso = (instant: number): string => new Date(instant).toISOString()
