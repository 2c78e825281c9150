import type { Command } from 'commander'
import { workspaceCommand } from '../cli/command.js'
import { print, printJson } from '../cli/print.js'
import type { Choice } from '../workspace/locate.js'
import { storeOf } from '../workspace/stores.js'
import { PERSON, personOf } from './person.js'

/** `funnel export-person PERSON`: all that is kept of a person, as JSON; what a person may ask to see. */
export const exportPersonCommand = (): Command =>
  workspaceCommand('export-person', 'print all that is kept of a person, as JSON', [
    'npx funnel export-person 0198c0de-0000-7000-8000-000000000001 > person.json',
    'npx funnel export-person ann@example.com --json | jq .consent',
  ])
    .argument('<person>', PERSON)
    .action(async (named: string, flags: Choice & { json?: boolean }) => {
      const person = await personOf(flags, named)
      const { databaseUrl, vaultDatabaseUrl } = storeOf(flags)
      const { exportPerson } = await import('@funnel/event-store')
      const found = await exportPerson(databaseUrl, vaultDatabaseUrl, person)
      if (flags.json) printJson(found)
      else print(JSON.stringify(found, undefined, 2))
    })
