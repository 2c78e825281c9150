import { Command } from 'commander'
import { FunnelError, isUuid } from '@funnel/events'
import { command, whole, workspaceCommand } from '../cli/command.js'
import { exits } from '../cli/exit.js'
import { print, printJson, say } from '../cli/print.js'
import { style } from '../cli/style.js'
import { table } from '../cli/table.js'
import type { Choice } from '../workspace/locate.js'
import { storeOf } from '../workspace/stores.js'

/** `funnel notify`: try destinations, and look after what was to be delivered. */
export const notifyCommand = (): Command =>
  new Command('notify')
    .summary('try destinations, and look after notifications')
    .addCommand(tryCommand())
    .addCommand(listCommand())
    .addCommand(retryCommand())

const tryCommand = (): Command =>
  command('test', 'send a sample to a destination of FUNNEL_DESTINATIONS now, and show what came back', [
    'FUNNEL_DESTINATIONS=destinations.yaml npx funnel notify test sales-desk',
    'npx funnel notify test sales-hook --json',
  ])
    .argument('<destination>', 'the id of the destination')
    .action(async (id: string, { json = false }: { json?: boolean }) => {
      const file = process.env['FUNNEL_DESTINATIONS']
      if (!file) throw new FunnelError('INVALID', 'name the file of destinations in FUNNEL_DESTINATIONS')
      const { loadDestinations, openSender, trySample } = await import('@funnel/notify')
      const allowPrivate = process.env['FUNNEL_ALLOW_PRIVATE_DESTINATIONS'] === 'true'
      const destinations = loadDestinations(file, { allowPrivate })
      const destination = destinations.find((one) => one.id === id)
      if (!destination)
        throw new FunnelError(
          'INVALID',
          `there is no destination ${id} in ${file}: there are ${destinations.map((one) => one.id).join(', ') || 'none'}`,
        )
      const sender = openSender({ allowPrivate })
      const begun = performance.now()
      try {
        const { ok, said, body } = await trySample(sender, destination)
        const ms = Math.round(performance.now() - begun)
        if (!ok) process.exitCode = exits.failure
        if (json) return printJson({ destination: id, type: destination.type, ok, said, body, ms })
        print(`${ok ? style('green', '✓') : style('red', '✗')} ${id} (${destination.type}): ${said}, ${ms} ms`)
        if (body) print(`  ${body}`)
      } finally {
        await sender.close()
      }
    })

interface ListFlags extends Choice {
  readonly json?: boolean
  readonly dead?: boolean
  readonly limit: number
}

const listCommand = (): Command =>
  workspaceCommand('list', 'list notifications, the newest first: who was to be told of what, and how it went', [
    'npx funnel notify list',
    'npx funnel notify list --dead --json',
  ])
    .option('--dead', 'only those that were given up')
    .option('-n, --limit <n>', 'so many at most', whole, 50)
    .action(async ({ json = false, dead = false, limit, ...choice }: ListFlags) => {
      const deliveries = await withDeliveries(choice, json, (pool, { listDeliveries }) =>
        listDeliveries(pool, { dead, limit }),
      )
      if (json) return printJson(deliveries)
      if (!deliveries.length) return say(dead ? 'none was given up' : 'there are none yet')
      print(
        table(
          [
            { title: 'id' },
            { title: 'created' },
            { title: 'destination' },
            { title: 'of' },
            { title: 'state' },
            { title: 'attempts', right: true },
            { title: 'why' },
          ],
          deliveries.map(({ id, created, destination, type, state, attempts, reason = '' }) => [
            id,
            created,
            destination,
            type,
            state,
            String(attempts),
            reason,
          ]),
          (title) => style('bold', title),
        ),
      )
    })

const retryCommand = (): Command =>
  workspaceCommand('retry', 'have notifications that were given up sent again, with the same ids', [
    'npx funnel notify retry --dead                                    all of them',
    'npx funnel notify retry 0198c0de-0000-8000-8000-000000000001      this one',
  ])
    .argument('[id]', 'the id of a notification')
    .option('--dead', 'all that were given up')
    .action(async (id: string | undefined, flags: { json?: boolean; dead?: boolean } & Choice) => {
      const { json = false, dead = false, ...choice } = flags
      if ((id === undefined) !== dead)
        throw new FunnelError('INVALID', 'name one notification by its id, or all with --dead')
      if (id !== undefined && !isUuid(id))
        throw new FunnelError(
          'INVALID',
          `${id} is no id of a notification: \`npx funnel notify list --dead\` shows them`,
        )
      const retried = await withDeliveries(choice, json, (pool, { retryDeliveries }) =>
        retryDeliveries(pool, id === undefined ? 'dead' : { id }),
      )
      if (id !== undefined && !retried)
        throw new FunnelError(
          'NOT_FOUND',
          `no notification ${id} was given up: \`npx funnel notify list --dead\` shows those that were`,
        )
      if (json) printJson({ retried })
      else print(`${retried} ${retried === 1 ? 'notification is' : 'notifications are'} sent again`)
    })

type Notify = typeof import('@funnel/notify')

/** Asks the notifications of a workspace. */
async function withDeliveries<T>(
  choice: Choice,
  json: boolean,
  ask: (pool: Parameters<Notify['listDeliveries']>[0], notify: Notify) => Promise<T>,
): Promise<T> {
  const { databaseUrl, name } = storeOf(choice)
  if (!json) say(style('dim', name, process.stderr))
  const [{ createPool }, notify] = await Promise.all([import('@funnel/platform'), import('@funnel/notify')])
  const pool = createPool(databaseUrl, 'funnel-notify', 1)
  try {
    return await ask(pool, notify)
  } catch (error) {
    if ((error as { code?: unknown }).code !== '42P01') throw error // no such table
    throw new FunnelError('UNAVAILABLE', `${name} has no notifications: \`funnel migrate\` makes room for them`)
  } finally {
    await pool.end()
  }
}
