import { Command } from 'commander'
import { FunnelError } from '@funnel/events'
import { command } from '../cli/command.js'
import { print, printJson } from '../cli/print.js'

/** `funnel key create SOURCE`: a bearer key with which a source may send events. */
export const keyCommand = (): Command =>
  new Command('key').summary('make write keys for the public door').addCommand(
    command('create', 'make a write key for a source; it is shown this once', [
      'DATABASE_URL=postgresql://… funnel key create website',
    ])
      .argument('<source>', 'who will send with it; the source of events that name none')
      .action(async (source: string, flags: { json?: boolean }) => {
        const url = process.env['DATABASE_URL']
        if (!url) throw new FunnelError('INVALID', 'name the database of the store in DATABASE_URL')
        const [{ createWriteKey }, { createPool }] = await Promise.all([
          import('@funnel/event-store'),
          import('@funnel/platform'),
        ])
        const pool = createPool(url, 'funnel-key', 1)
        try {
          const key = await createWriteKey(pool, source)
          if (flags.json) printJson({ source, key })
          else print(key)
        } finally {
          await pool.end()
        }
      }),
  )
