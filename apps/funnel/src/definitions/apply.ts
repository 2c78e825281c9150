import type { Command } from 'commander'
import type { EventStore } from '@funnel/event-store'
import { FunnelError, type Instant } from '@funnel/events'
import { formatTime } from '../ask/format.js'
import { workspaceCommand } from '../cli/command.js'
import { print, printJson, say } from '../cli/print.js'
import { parseTime } from '../cli/time.js'
import { compare, type Flags } from './compare.js'
import { withFolders } from './folders.js'
import type { Done } from './put-in-force.js'

/** `funnel definitions apply`: records what both teams approved and is not in force yet. */
export const applyCommand = (): Command =>
  withFolders(
    workspaceCommand('apply', 'put in force what both teams approved', [
      'npx funnel definitions apply --dry-run',
      'npx funnel definitions apply our-definitions --effective 2030-01-01T00:00Z',
    ]),
  )
    .option('--effective <time>', 'from when on: an instant to come (default: at once)')
    .option('--dry-run', 'show what would be applied, record nothing')
    .addHelpText('after', NOTE)
    .action(async (folders: string[], flags: Flags & { effective?: string; dryRun?: true }) => {
      const at = Date.now()
      const effective = flags.effective === undefined ? undefined : toCome(flags.effective, at)
      const { steps, databaseUrl } = await compare(folders, flags, at, effective)
      const { pendingOf, putInForce } = await import('./put-in-force.js')
      const pending = pendingOf(steps)
      const tell = ({ definition, version, effective }: Done) => {
        if (!flags.json) print(`${definition}  version ${version}  from ${formatTime(new Date(effective))}`)
      }
      const done = flags.dryRun
        ? pending.map(({ command }) => ({ ...command, effective: effective ?? at }))
        : await recording(databaseUrl, (store) => putInForce(store, pending, at, tell))
      if (flags.dryRun) done.forEach(tell)
      const unchanged = steps.length - pending.length
      if (!flags.json)
        return say(`${done.length} ${flags.dryRun ? 'would be applied' : 'applied'}, ${unchanged} unchanged`)
      printJson({
        dryRun: flags.dryRun === true,
        applied: done.map(({ definition, version, effective }) => ({
          definition,
          version,
          effective: new Date(effective).toISOString(),
        })),
        unchanged,
      })
    })

const NOTE = `
What was recorded before keeps the version of then. Where one definition cannot be applied none is. What is in force
already is left alone, so that an apply that broke off can be repeated.`

/** An instant to come. Throws INVALID on any other. */
function toCome(text: string, now: Instant): Instant {
  const time = parseTime(text, '--effective', now).getTime()
  if (time > now) return time
  throw new FunnelError('INVALID', `--effective ${text} is over: name an instant to come, or leave it out for at once`)
}

async function recording<T>(url: string, work: (store: EventStore) => Promise<T>): Promise<T> {
  const { openEventStore } = await import('@funnel/event-store')
  const store = await openEventStore({ url, connections: 1 })
  try {
    return await work(store)
  } finally {
    await store.close()
  }
}
