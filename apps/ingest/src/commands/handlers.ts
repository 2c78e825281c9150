import type { AllDefinitions } from '@funnel/definitions'
import {
  dealDecider,
  dealStreams,
  leadDecider,
  leadRules,
  leadStreams,
  personDecider,
  personStreams,
  queueDecider,
  queueStreams,
  visitorDecider,
  visitorStreams,
  type Decider,
} from '@funnel/domain'
import { handle, StreamMemory, type Asking, type EventStore, type Handled } from '@funnel/event-store'
import type { CommandsOf, Subject } from './table.js'

/** The store as a decision needs it. */
export type CommandStore = Pick<EventStore, 'read' | 'find' | 'append'>

/** Has the commands about one kind of subject carried out. */
export interface Handler<Command> {
  /** The streams that a command is about; the first is that of its subject. */
  streamsOf(command: Command): readonly string[]
  /** As `handle` in @funnel/event-store. */
  handle(store: CommandStore, command: Command, asking: Asking): Promise<Handled>
}

/** A handler for each kind of subject. */
export type Handlers = { readonly [S in Subject]: Handler<CommandsOf[S]> }

/** The handler that a decider makes; with a memory where its streams grow for ever. */
export const handlerOf = <Command, State>(
  decider: Decider<Command, State>,
  streamsOf: (command: Command) => readonly string[],
  memory?: StreamMemory<State>,
): Handler<Command> => ({
  streamsOf,
  handle: (store, command, asking) =>
    handle(store, { ...asking, decider, command, streams: streamsOf(command), ...(memory && { memory }) }),
})

/** The deciders of the domain, by what they decide on, with what both teams agreed on. */
export const handlersBy = (definitions: Pick<AllDefinitions, 'funnel' | 'reasons'>): Handlers => ({
  lead: handlerOf(leadDecider(leadRules(definitions)), leadStreams),
  deal: handlerOf(dealDecider(definitions), dealStreams),
  queue: handlerOf(queueDecider, queueStreams, new StreamMemory()),
  person: handlerOf(personDecider, personStreams),
  visitor: handlerOf(visitorDecider, visitorStreams),
})
