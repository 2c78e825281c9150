import { Command } from 'commander'
import { workspaceCommand } from '../cli/command.js'
import { print, printJson, say } from '../cli/print.js'
import { style } from '../cli/style.js'
import type { Choice } from '../workspace/locate.js'
import { storeOf } from '../workspace/stores.js'

/** `funnel key create SOURCE`: a bearer key with which a source may send events, and give commands where that is asked for. */
export const keyCommand = (): Command =>
  new Command('key').summary('make keys for the doors').addCommand(
    workspaceCommand('create', 'make a key for a source; it is shown this once', [
      'npx funnel key create website',
      'npx funnel key create crm --commands --workspace mine',
      'DATABASE_URL=postgresql://… funnel key create website   # where no workspace runs: of this store',
    ])
      .argument('<source>', 'who will send with it; the source of events that name none')
      .option('--commands', 'it may give commands, too: keep it secret')
      .action(async (source: string, flags: Choice & { json?: boolean; commands?: boolean }) => {
        const { databaseUrl, name } = storeOf(flags)
        if (!flags.json) say(style('dim', name, process.stderr))
        const [{ createWriteKey }, { createPool }] = await Promise.all([
          import('@funnel/event-store'),
          import('@funnel/platform'),
        ])
        const pool = createPool(databaseUrl, 'funnel-key', 1)
        try {
          const key = await createWriteKey(pool, source, flags.commands)
          if (flags.json) printJson({ source, key })
          else print(key)
        } finally {
          await pool.end()
        }
      }),
  )
