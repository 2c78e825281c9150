import type { Command } from 'commander'
import { workspaceCommand } from '../cli/command.js'
import { print, printJson } from '../cli/print.js'
import type { Choice } from '../workspace/locate.js'
import { giveCommand } from './command-door.js'
import { PERSON, personOf } from './person.js'

/** `funnel erase PERSON`: removes the personal data of a person for ever. */
export const eraseCommand = (): Command =>
  workspaceCommand('erase', 'remove all personal data of a person, for ever; every number stays', [
    'npx funnel erase 0198c0de-0000-7000-8000-000000000001',
    'npx funnel erase ann@example.com',
  ])
    .argument('<person>', PERSON)
    .action(async (named: string, flags: Choice & { json?: boolean }) => {
      const person = await personOf(flags, named)
      const { events } = await giveCommand(flags, { type: 'person.erase', person })
      if (flags.json) printJson({ person, events })
      else if (events.length)
        print(`erased ${person}: its events stay and name nobody, and what is told of it again is not kept`)
      else print(`${person} was erased before; nothing is kept of it`)
    })
