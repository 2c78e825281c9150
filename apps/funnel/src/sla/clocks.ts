import { Option, type Command } from 'commander'
import { ListClocksResponse, type Clock } from '@funnel/query-api'
import { ask } from '../ask/door.js'
import { footer, show } from '../ask/footer.js'
import { formatTime, NONE } from '../ask/format.js'
import { whole, workspaceCommand } from '../cli/command.js'
import { printJson } from '../cli/print.js'
import { style } from '../cli/style.js'
import { table } from '../cli/table.js'
import type { Choice } from '../workspace/locate.js'
import { standingOf } from './standing.js'

interface ClocksFlags extends Choice {
  readonly json?: boolean
  readonly policy?: string[]
  readonly party?: 'marketing' | 'sales'
  readonly owner?: string[]
  readonly team?: string[]
  readonly overdue?: boolean
  readonly limit: number
}

const PAGE = 1000
const collect = (value: string, before: readonly string[] = []): string[] => [...before, value]

/** `funnel sla clocks`: what is still to be done, by time left. */
export const clocksCommand = (): Command =>
  workspaceCommand('clocks', 'list the promises that are still to be fulfilled, by time left', [
    'npx funnel sla clocks',
    'npx funnel sla clocks --overdue --party sales',
    'npx funnel sla clocks --policy lead-response --owner silva --json',
  ])
    .option('--policy <id>', 'of this policy; again for more', collect)
    .addOption(new Option('--party <party>', 'promised by').choices(['marketing', 'sales']))
    .option('--owner <name>', 'of this owner; again for more', collect)
    .option('--team <id>', 'of this team; again for more', collect)
    .option('--overdue', 'only what was missed')
    .option('-n, --limit <n>', `so many at most, up to ${PAGE}`, whole, 20)
    .action(async (flags: ClocksFlags) =>
      ask(flags, flags.json === true, async (client) => {
        const answer = await client.listClocks({
          policies: flags.policy ?? [],
          parties: flags.party === undefined ? [] : [flags.party],
          owners: flags.owner ?? [],
          teams: flags.team ?? [],
          overdue: flags.overdue === true,
          pageSize: Math.min(flags.limit, PAGE),
        })
        if (flags.json) return printJson(ListClocksResponse.toJSON(answer))
        show(
          answer.clocks.length ? clockTable(answer.clocks) : nothing(flags),
          footer(answer.basis, undefined, answer.nextPageToken ? 'there are more; narrow down, or raise --limit' : ''),
        )
      }),
    )

function nothing({ policy, party, owner, team, overdue }: ClocksFlags): string {
  const what = overdue ? 'nothing is overdue' : 'no promise waits to be fulfilled'
  const narrowed = [policy, party, owner, team].some((one) => one !== undefined)
  return narrowed ? `${what} of those you ask for` : `${what}; npx funnel kpi sla-compliance tells how many were kept`
}

const clockTable = (clocks: readonly Clock[]): string => {
  const now = Date.now()
  return table(
    ['stands', 'due', 'policy', 'of', 'party', 'owner', 'team'].map((title) => ({ title })),
    clocks.map((clock) => [
      standingOf(clock, now),
      formatTime(clock.dueAt),
      `${clock.policy}@${clock.policyVersion}`,
      clock.lead === undefined ? clock.clock : `lead ${clock.lead}`,
      clock.party,
      clock.owner ?? NONE,
      clock.team ?? NONE,
    ]),
    (text) => style('dim', text),
  )
}
