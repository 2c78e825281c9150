import type { Command } from 'commander'
import { FunnelError, topicNames } from '@funnel/events'
import { command } from '../cli/command.js'
import { print, printJson, say } from '../cli/print.js'

/** `funnel restore`: after a backup was put back, makes the store a log that nobody takes for the one before. */
export const restoreCommand = (): Command =>
  command('restore', 'make a database that was put back from a backup ready for the services', [
    'DATABASE_URL=postgresql://… funnel restore      docs/backup.md has the whole way',
  ]).action(async (flags: { json?: boolean }) => {
    const { DATABASE_URL: url, KAFKA_TOPIC_PREFIX: prefix } = process.env
    if (!url) throw new FunnelError('INVALID', 'name the database that was put back in DATABASE_URL')
    const [{ newEpoch }, { naming }, { createPool }] = await Promise.all([
      import('@funnel/event-store'),
      import('@funnel/event-log'),
      import('@funnel/platform'),
    ])
    const pool = createPool(url, 'funnel-restore', 1)
    try {
      const epoch = await newEpoch(pool)
      const topics = topicNames.map(naming(prefix).nameOf)
      if (flags.json) return printJson({ epoch, topics })
      print(`the store has the epoch ${epoch}`)
      say(
        [
          'Read models and topics may know what this store does not, and stop with LOG_AHEAD until you have',
          `  1. deleted the Kafka topics, if there are any: ${topics.join(', ')}`,
          '  2. started the services: the relay publishes the topics again from the store',
          '  3. run `funnel rebuild`, then `funnel verify`',
        ].join('\n'),
      )
    } finally {
      await pool.end()
    }
  })
