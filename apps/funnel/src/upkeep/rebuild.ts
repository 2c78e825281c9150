import { print, printJson, say } from '../cli/print.js'
import type { Command } from 'commander'
import { workspaceCommand } from '../cli/command.js'
import { style } from '../cli/style.js'
import { formatCount } from '../ask/format.js'
import type { Choice } from '../workspace/locate.js'
import { storeOf } from '../workspace/stores.js'
import { eventProgress } from './progress.js'

/** `funnel rebuild`: folds the whole log anew beside the live read models and switches over. */
export const rebuildCommand = (): Command =>
  workspaceCommand('rebuild', 'fold the whole log anew and switch to the result, while questions are answered', [
    'npx funnel rebuild',
    'FUNNEL_DEFINITIONS=my-definitions npx funnel rebuild    with definitions of your own',
    'npx funnel rebuild --drop-old                           and keep nothing of the old tables',
  ])
    .option('--drop-old', 'drop what was live before at once, not 10 minutes later (what is being read: later)')
    .action(async (flags: Choice & { json?: boolean; dropOld?: boolean }) => {
      const { databaseUrl, readDatabaseUrl, definitions: folders, name } = storeOf(flags)
      if (!flags.json) say(style('dim', name, process.stderr))
      const [{ createPool }, { postgresEventTail }, { dropRetired, rebuild }, { definitionFolders, loadDefinitions }] =
        await Promise.all([
          import('@funnel/platform'),
          import('@funnel/event-log'),
          import('@funnel/projections'),
          import('@funnel/definitions'),
        ])
      const definitions = loadDefinitions(definitionFolders(folders))
      const store = createPool(databaseUrl, 'funnel-rebuild', 2)
      const read = createPool(readDatabaseUrl, 'funnel-rebuild', 4)
      const stop = new AbortController()
      for (const signal of ['SIGINT', 'SIGTERM'] as const)
        process.once(signal, () => stop.abort(new Error('stopped; the live read models are as they were')))
      const progress = eventProgress('rebuild', flags.json === true)
      const begun = Date.now()
      let total = 0
      try {
        const generation = await rebuild({
          pool: read,
          tail: postgresEventTail(store),
          definitions,
          signal: stop.signal,
          onProgress: (at) => {
            total = at.total
            progress.update(at)
          },
        })
        progress.stop()
        const seconds = (Date.now() - begun) / 1000
        const dropped = flags.dropOld ? await dropRetired(read, 0) : 0
        if (flags.json) printJson({ generation: generation.id, events: total, seconds, dropped })
        else {
          print(`generation ${generation.id} is live: ${formatCount(total)} events folded in ${seconds.toFixed(1)} s`)
          if (flags.dropOld) print(`dropped the tables of ${dropped} earlier generation${dropped === 1 ? '' : 's'}`)
        }
      } finally {
        progress.stop()
        await Promise.all([store.end(), read.end()])
      }
    })
