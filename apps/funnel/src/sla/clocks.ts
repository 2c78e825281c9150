import { Option, type Command } from 'commander'
import { ListClocksResponse } from '@funnel/query-api'
import { ask } from '../ask/door.js'
import { footer, moreThan, show } from '../ask/footer.js'
import { whole, workspaceCommand } from '../cli/command.js'
import { printJson, say } from '../cli/print.js'
import { style } from '../cli/style.js'
import type { Choice } from '../workspace/locate.js'
import { clockTable } from './clock-table.js'
import { resumed } from './resumed.js'
import { printWatched } from './watch.js'

interface ClocksFlags extends Choice {
  readonly json?: boolean
  readonly policy?: string[]
  readonly party?: 'marketing' | 'sales'
  readonly owner?: string[]
  readonly team?: string[]
  readonly overdue?: boolean
  readonly limit: number
  readonly watch?: boolean
}

const PAGE = 1000
const LOST = 'the connection is lost; nothing is missed: what changed meanwhile follows as soon as there is an answer'
const collect = (value: string, before: readonly string[] = []): string[] => [...before, value]

/** `funnel sla clocks`: what is still to be done, by time left. */
export const clocksCommand = (): Command =>
  workspaceCommand('clocks', 'list the promises that are still to be fulfilled, by time left', [
    'npx funnel sla clocks',
    'npx funnel sla clocks --overdue --party sales',
    'npx funnel sla clocks --policy lead-response --owner silva --json',
    'npx funnel sla clocks --watch',
  ])
    .option('--policy <id>', 'of this policy; again for more', collect)
    .addOption(new Option('--party <party>', 'promised by').choices(['marketing', 'sales']))
    .option('--owner <name>', 'of this owner; again for more', collect)
    .option('--team <id>', 'of this team; again for more', collect)
    .option('--overdue', 'only what was missed')
    .option('-n, --limit <n>', `so many at most, up to ${PAGE}`, whole, 20)
    .option('--watch', 'go on with every change, until it is interrupted; with --json one answer a line')
    .action(async (flags: ClocksFlags) =>
      ask(flags, flags.json === true, async (client) => {
        const wanted = {
          policies: flags.policy ?? [],
          parties: flags.party === undefined ? [] : [flags.party],
          owners: flags.owner ?? [],
          teams: flags.team ?? [],
          overdue: flags.overdue === true,
        }
        if (flags.watch) {
          const stop = new AbortController()
          for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort())
          const { signal } = stop
          const answers = resumed((resumeToken) => client.watchClocks({ ...wanted, resumeToken }, { signal }), {
            signal,
            lost: () => say(style('yellow', LOST, process.stderr)),
          })
          return printWatched(answers, flags)
        }
        const answer = await client.listClocks({ ...wanted, pageSize: Math.min(flags.limit, PAGE) })
        if (flags.json) return printJson(ListClocksResponse.toJSON(answer))
        show(
          answer.clocks.length ? clockTable(answer.clocks) : nothing(flags),
          footer(answer.basis, undefined, answer.nextPageToken ? moreThan(flags.limit, PAGE) : ''),
        )
      }),
    )

function nothing({ policy, party, owner, team, overdue }: ClocksFlags): string {
  const what = overdue ? 'nothing is overdue' : 'no promise waits to be fulfilled'
  const narrowed = [policy, party, owner, team].some((one) => one !== undefined)
  return narrowed ? `${what} of those you ask for` : `${what}; npx funnel kpi sla-compliance tells how many were kept`
}
