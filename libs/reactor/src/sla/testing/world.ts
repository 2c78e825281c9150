import {
  always,
  defaultDefinitions,
  loadAllDefinitions,
  type AllDefinitions,
  type LeadPolicy,
} from '@funnel/definitions'
import { leadDecider, leadRules, leadStreams, type LeadCommand } from '@funnel/domain'
import { derivedId, typeOf, type Envelope, type FunnelEvent, type Instant } from '@funnel/events'
import { handle, memoryEventStore, type MemoryEventStore } from '@funnel/event-store'
import { catchUp } from '../../catch-up.js'
import { memoryKeep } from '../../memory-keep.js'
import { slaExecutor } from '../execute.js'
import type { Kept } from '../kept.js'
import { slaMonitor } from '../monitor.js'

const owners = { marketing: 'marketing-lead', sales: 'sales-lead' }
/** What every definition has. */
export const definition = (id: string, version = 1) => ({ id, version, name: id, description: id, owners })

/** A promise to answer a message of a lead within an hour, all time counting. */
export const answer = (change: Partial<LeadPolicy> = {}): LeadPolicy => ({
  ...definition('answer'),
  party: 'sales',
  starts: [{ event: ['lead.engaged'], where: { field: 'kind', is: 'message' } }],
  stops: [{ event: ['lead.engaged'], where: { field: 'kind', in: ['call', 'reply'] } }],
  cancels: [{ event: ['lead.disqualified'] }],
  recurs: 'once',
  terms: [{ target: '1h' }],
  ...change,
})

const base = loadAllDefinitions([defaultDefinitions])
const team = {
  ...definition('sellers'),
  side: 'sales' as const,
  manager: 'mona',
  members: ['sam', 'sue', 'mona'],
}
const queue = {
  ...definition('inbound'),
  members: [
    { member: 'sam', weight: 1 },
    { member: 'sue', weight: 1 },
  ],
}

export const rulesWith = (...policies: AllDefinitions['policies']): AllDefinitions => ({
  ...base,
  policies,
  calendars: [],
  teams: [team],
  queues: [queue],
})

/** Told of an event beside what it says. */
interface Told extends Partial<Envelope> {
  /** When it happened; absent: when it is told. */
  readonly at?: Instant
}

/** A company in memory, and the monitor that watches over its promises; time goes on when it is told to. */
export class World {
  readonly store: MemoryEventStore
  readonly #execute
  readonly #definitions: AllDefinitions
  #keep = memoryKeep<Kept>()
  #told = 0

  constructor(
    public now: Instant,
    definitions: AllDefinitions,
  ) {
    this.#definitions = definitions
    this.store = memoryEventStore(() => this.now)
    this.#execute = slaExecutor(this.store, always(definitions), () => this.now)
  }

  /** Tells an event, which the monitor then sees. */
  async tell(type: FunnelEvent['type'], data: Readonly<Record<string, unknown>>, told: Told = {}): Promise<string> {
    const id = await this.write(type, data, told)
    await this.look()
    return id
  }
  /** Records an event that the monitor does not see yet. */
  async write(
    type: FunnelEvent['type'],
    data: Readonly<Record<string, unknown>>,
    { at, ...more }: Told = {},
  ): Promise<string> {
    const id = derivedId('told', this.#told++)
    const event = {
      specversion: '1.0',
      id,
      source: '/crm',
      type,
      dataschema: `${type}:1`,
      time: new Date(at ?? this.now).toISOString(),
      partitionkey: String(data[typeOf(type)!.key]),
      data,
      ...more,
    } as Envelope
    await this.store.append({ events: [event] })
    return id
  }
  /** Lets time go by, with the monitor looking at the end of it alone. */
  async wait(ms: number): Promise<void> {
    this.now += ms
    await this.look()
  }
  async command(command: LeadCommand): Promise<void> {
    await handle(this.store, {
      decider: leadDecider(leadRules(this.#definitions)),
      command,
      streams: leadStreams(command),
      source: '/crm',
      key: `c${this.#told++}`,
      actor: 'sam',
      now: this.now,
    })
    await this.look()
  }
  /** A monitor that knows nothing takes over: it reads the log from its beginning. */
  async restart(): Promise<void> {
    this.#keep = memoryKeep<Kept>()
    await this.look()
  }
  /** Everything that was said of a subject's clocks, with the events. */
  async said(subject: string): Promise<readonly FunnelEvent[]> {
    return (await this.store.read(`sla-${subject}`)).map(({ event }) => event as FunnelEvent)
  }
  /** The same in short: what was said, without `sla.`. */
  async told(subject: string): Promise<readonly string[]> {
    return (await this.said(subject)).map(({ type }) => type.slice('sla.'.length))
  }
  async lead(lead: string): Promise<readonly FunnelEvent[]> {
    return (await this.store.read(`lead-${lead}`)).map(({ event }) => event as FunnelEvent)
  }
  /** What the monitor keeps. */
  async kept(key: string): Promise<Kept | undefined> {
    return (await this.#keep.load([key])).get(key)
  }
  async look(): Promise<void> {
    await catchUp(
      { reactor: slaMonitor(this.#definitions), keep: this.#keep, execute: this.#execute },
      this.store.tail,
      async () => {
        this.now++
        return this.store.tail.heads()
      },
    )
  }
}
