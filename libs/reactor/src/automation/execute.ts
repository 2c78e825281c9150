import { createHash } from 'node:crypto'
import {
  byRules,
  leadDecider,
  leadRules,
  leadStreams,
  memberWith,
  personDecider,
  personStreams,
  queueDecider,
  queueStreams,
  type LeadCommand,
  type PersonCommand,
  type QueueCommand,
  type QueueState,
} from '@funnel/domain'
import type { AllDefinitions, Queue } from '@funnel/definitions'
import { canonicalJson, type Instant, type Recorded } from '@funnel/events'
import { handle, StreamMemory, type CurrentDefinitions, type EventStore, type Handled } from '@funnel/event-store'
import type { Cause, Intent } from '../reactor.js'
import { isRefusal, outcomeOf, type Outcome } from '../outcome.js'
import type { Intended, Route } from './intents.js'

const SOURCE = '/funnel/automation'

/** Events of a queue that are read at once. */
const PAGE = 2000

type Staff = Extract<QueueCommand, { readonly type: 'queue.staff' }>

/** Carries out what automation asks for, through the deciders. */
export interface Executor {
  readonly execute: (intent: Intent<Intended>) => Promise<Outcome>
  /**
   * Tells the queues who their members are now. Nothing happens where they know, or where they were told so last and somebody
   * named others since then.
   */
  readonly staff: () => Promise<void>
}

/** What automation decides by. */
export type DecidedBy = Pick<AllDefinitions, 'funnel' | 'reasons' | 'queues'>

/**
 * An executor on a store, by the definitions that count when it decides. A refusal is an outcome, not an error: the
 * decider knows better, as when somebody was faster. Throws UNAVAILABLE, and VERSION_CONFLICT where others were faster
 * time and again.
 */
export function executor(
  store: EventStore,
  definitions: CurrentDefinitions<DecidedBy>,
  clock: () => Instant = Date.now,
): Executor {
  const { refresh } = definitions
  const leads = byRules(definitions, (rules) => leadDecider(leadRules(rules)))
  // a queue has one stream for ever
  const turns = new StreamMemory<QueueState>()
  /** Which members each queue was told of last. */
  const staffed = new Map<string, string>()

  const about = (key: string, cause?: Cause, at = 0) => ({
    source: SOURCE,
    key,
    ...(cause && { cause }),
    // the clock of this machine may be behind that of the store, whose time it is that something was due
    now: Math.max(clock(), at),
  })
  const ofLead = (command: LeadCommand, key: string, cause: Cause, at: number) =>
    handle(store, { decider: leads, refresh, command, streams: leadStreams(command), ...about(key, cause, at) })
  const ofPerson = (command: PersonCommand, key: string, cause: Cause, at: number) =>
    handle(store, { decider: personDecider, command, streams: personStreams(command), ...about(key, cause, at) })
  const ofQueue = (command: QueueCommand, key: string, cause?: Cause) =>
    handle(store, {
      decider: queueDecider,
      command,
      streams: queueStreams(command),
      memory: turns,
      ...about(key, cause),
    })

  const staff = async ({ id, version, members }: Queue): Promise<void> => {
    const hash = createHash('sha256').update(canonicalJson(members)).digest('hex')
    const key = `staff/${id}/${version}/${hash}`
    if (staffed.get(id) === key) return
    await outcomeOf(told({ type: 'queue.staff', queue: id, members }, key))
    staffed.set(id, key)
  }
  /** Tells a queue of its members, once; again where a process told it of others since then: a change is taken back. */
  const told = async (command: Staff, key: string): Promise<Handled> => {
    const first = await ofQueue(command, key)
    const [stream] = queueStreams(command)
    if (!first.repeated || !queueDecider.decide(command, turns.get(stream!)!.state, clock()).length) return first
    const last = await toldLast(stream!, first.events[0]!)
    const isSame = canonicalJson((last.event.data as Staff).members) === canonicalJson(command.members)
    return isSame ? first : ofQueue(command, `${key}/after/${last.event.id}`)
  }
  /** What a queue was told of its members last, by automation and not by somebody, from a record on. */
  const toldLast = async (stream: string, from: Recorded): Promise<Recorded> => {
    let last = from
    for (let { version } = from; ;) {
      const page = await store.read(stream, version, PAGE)
      last = page.findLast(({ event: { type, source } }) => type === 'queue.staffed' && source === SOURCE) ?? last
      if (page.length < PAGE) return last
      version = page.at(-1)!.version
    }
  }
  const queuesAt = async (instant: Instant): Promise<readonly Queue[]> => {
    await refresh?.()
    return definitions.at(instant).queues
  }

  /**
   * Who has the lead from the queue, else whose turn it is, of those who are members now, with the turn; undefined where
   * nobody can take the lead.
   */
  const takerOf = async ({ queue: id, lead, rule }: Route, { key, cause, at }: Intent<Intended>) => {
    const queue = (await queuesAt(Math.max(at, clock()))).find((one) => one.id === id)
    if (queue) await staff(queue)
    try {
      const command = { type: 'queue.assign', queue: id, lead, rule, because: [cause.id] } as const
      const [turn] = (await ofQueue(command, `${key}/assign`, cause)).events
      if (turn) return { member: (turn.event.data as { readonly member: string }).member, turn }
      const [stream] = queueStreams(command)
      return { member: memberWith(turns.get(stream!)!.state.leads, lead)! }
    } catch (error) {
      if (isRefusal(error)) return undefined
      throw error
    }
  }

  const offer = async (command: Route, intent: Intent<Intended>): Promise<Outcome> => {
    const { key, cause, at } = intent
    const { lead, queue: id, patience, fallback } = command
    const { member, turn } = (await takerOf(command, intent)) ?? {}
    const whom = member === undefined ? { queue: id } : { assignee: member }
    // from the assignment on, so that a repeat offers the same
    const deadline = (turn?.recorded ?? Math.max(at, clock())) + patience
    const offered = { type: 'handoff.offer', lead, handoff: cause.id, deadline, fallback, ...whom } as const
    const outcome = await outcomeOf(ofLead(offered, `${key}/offer`, cause, at))
    // the lead went elsewhere meanwhile: the member's turn does not count
    if (outcome === 'refused' && turn)
      await outcomeOf(ofQueue({ type: 'queue.credit', queue: id, lead, reason: 'not-offered' }, `${key}/credit`, cause))
    return outcome
  }

  return {
    execute: (intent) => {
      const { command, key, cause, at } = intent
      if (command.type === 'route') return offer(command, intent)
      if (command.type === 'person.match-account') return outcomeOf(ofPerson(command, key, cause, at))
      return outcomeOf(isOfQueue(command) ? ofQueue(command, key, cause) : ofLead(command, key, cause, at))
    },
    async staff() {
      for (const queue of await queuesAt(clock())) await staff(queue)
    },
  }
}

const isOfQueue = (command: LeadCommand | QueueCommand): command is QueueCommand => command.type.startsWith('queue.')
