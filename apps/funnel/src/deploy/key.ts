import { Command } from 'commander'
import { FunnelError } from '@funnel/events'
import { command } from '../cli/command.js'
import { print, printJson } from '../cli/print.js'

/** `funnel key create SOURCE`: a bearer key with which a source may send events, and give commands where that is asked for. */
export const keyCommand = (): Command =>
  new Command('key').summary('make keys for the doors').addCommand(
    command('create', 'make a key for a source; it is shown this once', [
      'DATABASE_URL=postgresql://… funnel key create website',
      'DATABASE_URL=postgresql://… funnel key create crm --commands',
    ])
      .argument('<source>', 'who will send with it; the source of events that name none')
      .option('--commands', 'it may give commands, too: keep it secret')
      .action(async (source: string, flags: { json?: boolean; commands?: boolean }) => {
        const url = process.env['DATABASE_URL']
        if (!url) throw new FunnelError('INVALID', 'name the database of the store in DATABASE_URL')
        const [{ createWriteKey }, { createPool }] = await Promise.all([
          import('@funnel/event-store'),
          import('@funnel/platform'),
        ])
        const pool = createPool(url, 'funnel-key', 1)
        try {
          const key = await createWriteKey(pool, source, flags.commands)
          if (flags.json) printJson({ source, key })
          else print(key)
        } finally {
          await pool.end()
        }
      }),
  )
