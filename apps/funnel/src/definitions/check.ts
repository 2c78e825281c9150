import type { Command } from 'commander'
import type { DefinitionFiles } from '@funnel/definitions'
import { FunnelError } from '@funnel/events'
import { command } from '../cli/command.js'
import { exits } from '../cli/exit.js'
import { print, printJson, say } from '../cli/print.js'
import { style } from '../cli/style.js'
import { table } from '../cli/table.js'
import { readFolders, withFolders } from './folders.js'

/** `funnel definitions check`: every mistake with its file and line, else what there is. Exit code 2 where there is one. */
export const checkCommand = (): Command =>
  withFolders(
    command('check', 'list every mistake in the definitions, or what there is of each kind', [
      'npx funnel definitions check',
      'npx funnel definitions check our-definitions',
    ]),
  ).action(async (folders: string[], flags: { json?: boolean }) => {
    const files = await readFolders(folders).catch(mistakesOf)
    if (Array.isArray(files)) {
      process.exitCode = exits.usage
      if (flags.json) return printJson({ ok: false, mistakes: files })
      for (const mistake of files) print(`${style('red', '✗')} ${mistake}`)
      return
    }
    const found = await counted(files)
    if (flags.json) return printJson({ ok: true, kinds: found })
    const columns = [{ title: 'kind' }, { title: 'definitions', right: true }, { title: 'drafts', right: true }]
    const rows = found.map(({ kind, definitions, drafts }) => [kind, String(definitions), drafts ? String(drafts) : ''])
    print(table(columns, rows, (text) => style('dim', text)))
    say('the definitions are right')
  })

/** How many of each kind, and how many of them wait for an approval. */
async function counted(files: DefinitionFiles) {
  const { kinds } = await import('@funnel/definitions')
  return kinds.map((kind) => ({
    kind,
    definitions: files[kind].length,
    drafts: files[kind].filter(({ approved }) => !approved.marketing || !approved.sales).length,
  }))
}

function mistakesOf(error: unknown): string[] {
  if (error instanceof FunnelError && Array.isArray(error.details['mistakes']))
    return error.details['mistakes'].map(String)
  throw error
}
