import type { AllDefinitions } from '@funnel/definitions'
import {
  byRules,
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
import {
  handle,
  StreamMemory,
  type Asking,
  type CurrentDefinitions,
  type DecidedOn,
  type Handled,
  type Handling,
} from '@funnel/event-store'
import type { CommandsOf, Subject } from './table.js'

/** Has the commands about one kind of subject carried out. */
export interface Handler<Command> {
  /** The streams that a command is about; the first is that of its subject. */
  streamsOf(command: Command): readonly string[]
  /** As `handle` in @funnel/event-store. */
  handle(store: DecidedOn, command: Command, asking: Asking): Promise<Handled>
}

/** A handler for each kind of subject. */
export type Handlers = { readonly [S in Subject]: Handler<CommandsOf[S]> }

/** The handler that a decider makes; with a memory where its streams grow for ever, and what keeps its rules up to date. */
export const handlerOf = <Command, State>(
  decider: Decider<Command, State>,
  streamsOf: (command: Command) => readonly string[],
  more: Pick<Handling<Command, State>, 'memory' | 'refresh'> = {},
): Handler<Command> => ({
  streamsOf,
  handle: (store, command, asking) =>
    handle(store, { ...asking, ...more, decider, command, streams: streamsOf(command) }),
})

/** What both teams agreed on, as far as commands are decided by it. */
export type Agreed = Pick<AllDefinitions, 'funnel' | 'reasons'>

/** The deciders of the domain, by what they decide on, with what both teams agreed on, as it is at each decision. */
export const handlersBy = (agreed: CurrentDefinitions<Agreed>): Handlers => ({
  lead: handlerOf(
    byRules(agreed, (rules) => leadDecider(leadRules(rules))),
    leadStreams,
    { refresh: agreed.refresh },
  ),
  deal: handlerOf(byRules(agreed, dealDecider), dealStreams, { refresh: agreed.refresh }),
  queue: handlerOf(queueDecider, queueStreams, { memory: new StreamMemory() }),
  person: handlerOf(personDecider, personStreams),
  visitor: handlerOf(visitorDecider, visitorStreams),
})
