import { FunnelError } from '@funnel/events'
import type { Asking, DecidedOn, Handled, Vault } from '@funnel/event-store'
import type { Budget } from '../body/budget.js'
import { commandOf, commandType } from './fields.js'
import type { Handler, Handlers } from './handlers.js'
import { commands, type Command } from './table.js'

/** A command as it came in, at whichever door. */
export interface Order extends Omit<Asking, 'actor' | 'cause' | 'now'> {
  readonly type: unknown
  readonly actor: unknown
  readonly fields: Readonly<Record<string, unknown>>
}

/** Carries commands out; the doors differ, the desk is one. */
export interface Desk {
  /**
   * The text of a note goes to the vault before the fact that names it is recorded, and what is to be erased goes out of
   * it before that is recorded: a crash in between leaves a note that nothing names, or an erasure that its repetition
   * records. Throws OVERLOADED, INVALID, and what `handle` in @funnel/event-store throws.
   */
  carryOut(order: Order): Promise<Handled>
}

export interface DeskParts {
  /** Room for commands under way. */
  readonly budget: Budget
  readonly store: DecidedOn
  readonly vault: Pick<Vault, 'noteId' | 'keepNote' | 'erase'>
  readonly handlers: Handlers
}

/** What a command under way takes beside its body, in bytes: the streams that it reads, and its place in the queue. */
const COST = 16_000

export function createDesk({ budget, store, vault, handlers }: DeskParts): Desk {
  const carryOut = async ({ type: name, actor: by, fields, ...asking }: Order): Promise<Handled> => {
    const type = commandType(name)
    const actor = actorOf(by)
    const told = commandOf(type, fields)
    const handler: Handler<Command> = handlers[commands[type].subject]
    const { command, note } = withNote(told, (text) => vault.noteId(asking.source, asking.key, text))
    const prepare = async (): Promise<void> => {
      if (note) await vault.keepNote({ ...note, stream: handler.streamsOf(command)[0]! })
      // at each try: where another writer was faster, the person may have other ids by now
      if (command.type === 'person.erase') await vault.erase(command.person)
    }
    const handled = await handler.handle(prepared(store, prepare), command, {
      ...asking,
      ...(actor !== undefined && { actor }),
    })
    // erased before, and perhaps by one who told it to nobody: what is erased stays so
    if (command.type === 'person.erase' && !handled.events.length) await vault.erase(command.person)
    return handled
  }
  return {
    async carryOut(order) {
      const share = budget.share(order.source)
      try {
        share.hold(COST)
        return await carryOut(order)
      } finally {
        share.release()
      }
    },
  }
}

/** The store, with something that has to be done before anything is recorded. */
const prepared = (store: DecidedOn, prepare: () => Promise<void>): DecidedOn => ({
  ...store,
  append: async (...appends) => {
    await prepare()
    return store.append(...appends)
  },
})

/** The command with the id of its note in place of the text, and both. */
function withNote(
  command: Command,
  idOf: (text: string) => string,
): { readonly command: Command; readonly note?: { readonly id: string; readonly text: string } } {
  if (!('note' in command) || command.note === undefined) return { command }
  const id = idOf(command.note)
  return { command: { ...command, note: id }, note: { id, text: command.note } }
}

/** Who decides: an id, as events of persons have it. */
function actorOf(actor: unknown): string | undefined {
  if (actor === undefined) return undefined
  // oxlint-disable-next-line no-control-regex
  if (typeof actor === 'string' && /^[^\u0000-\u001f\u007f@]{1,200}$/.test(actor) && actor.isWellFormed()) return actor
  throw new FunnelError('INVALID', 'actor must be the id of who decides, 1 to 200 characters and no e-mail address', {
    field: 'actor',
  })
}
