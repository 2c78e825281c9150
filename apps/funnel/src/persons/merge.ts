import type { Command } from 'commander'
import { workspaceCommand } from '../cli/command.js'
import { print, printJson } from '../cli/print.js'
import type { Choice } from '../workspace/locate.js'
import { giveCommand } from './command-door.js'
import { PERSON, personOf } from './person.js'
import { wouldBe } from './would-be.js'

interface MergeFlags extends Choice {
  readonly json?: boolean
  readonly dryRun?: boolean
}

/** `funnel identity merge PERSON OTHER`: what is known of the other id is known of the person from now on. */
export const mergeCommand = (): Command =>
  workspaceCommand('merge', 'tell that another id is this person; what is known of it is known of the person', [
    'npx funnel identity merge person-7 person-12',
    'npx funnel identity merge ann@example.com crm-4711 --dry-run',
  ])
    .argument('<person>', `who stays: ${PERSON}`)
    .argument('<other>', `who is the same: ${PERSON}`)
    .option('--dry-run', 'tell what would be recorded, and record nothing')
    .action(async (stays: string, goes: string, { dryRun = false, ...flags }: MergeFlags) => {
      const [person, absorbed] = [await personOf(flags, stays), await personOf(flags, goes)]
      const command = { type: 'person.merge', person, absorbed } as const
      const events = dryRun ? await wouldBe(flags, command) : (await giveCommand(flags, command)).events
      if (flags.json) printJson({ person, absorbed, dryRun, events })
      else if (!events.length) print(`${absorbed} is ${person} already`)
      else if (dryRun) print(`${absorbed} would be ${person} from now on; nothing was recorded`)
      else print(`${absorbed} is ${person} from now on; npx funnel identity unmerge ${absorbed} takes it back`)
    })
