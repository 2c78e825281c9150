import type { Command } from 'commander'
import type { Offered, RoutingWhatIf } from '@funnel/reactor'
import { formatCount, formatTime } from '../ask/format.js'
import { workspaceCommand } from '../cli/command.js'
import { exits } from '../cli/exit.js'
import { print, printJson } from '../cli/print.js'
import { style } from '../cli/style.js'
import { table } from '../cli/table.js'
import { named, replayUnder, type ReplayFlags } from './replay.js'
import { dim, list, showDifference } from './show.js'

const NOBODY = '(nobody)'

/** `funnel whatif routing FILE…`: who would have got which leads, and what would have been missed. */
export const routingWhatIf = (): Command =>
  workspaceCommand(
    'routing',
    'replay the leads that came through another routing, and show who would have got them and what would have been missed',
    [
      'npx funnel whatif routing drafts/mql.yaml --from 30d',
      'npx funnel whatif routing drafts/mql.yaml drafts/enterprise.yaml --from 2030-01 --to 2030-02',
      'npx funnel whatif routing drafts/enterprise.yaml --json | jq .loads',
    ],
  )
    .argument(
      '<file...>',
      'files of routings, queues, territories or teams, each in the place of the one with its id; folders with what they name, after those of the workspace',
    )
    .option('--from <time>', 'leads that were offered, and promises that came due, from this instant on')
    .option('--to <time>', 'and before this one')
    .addHelpText(
      'after',
      `
Each lead that was routed is offered again, at the same time, to whose turn it would have been. Whoever would have got it has it from
then on instead of who did. The rest is kept as it was: when offers were answered, when somebody spoke to a lead, who took leave, and what
followed from escalations. What would have been missed is judged by the calendar of the new owner.`,
    )
    .action(async (paths: string[], flags: ReplayFlags) => {
      const { whatIfRouting } = await import('@funnel/reactor')
      const kinds = ['routing', 'queue', 'territory', 'team'] as const
      const { drafts, found } = await replayUnder(paths, kinds, flags, whatIfRouting)
      if (found.unlike.length || found.astray.length) process.exitCode = exits.difference
      if (flags.json) return printJson({ drafts: named(drafts), ...found })
      show(found)
    })

const offerColumns = ['of', 'offered', 'to', 'instead to'].map((title) => ({ title }))
const offerRow = ({ lead, at, live, other }: Offered): string[] => [
  `lead ${lead}`,
  formatTime(new Date(at)),
  live ?? NOBODY,
  other ?? NOBODY,
]

function show(found: RoutingWhatIf): void {
  const { offered, loads, moved, astray, told, draft } = found
  const row = (title: string, ...counts: readonly number[]) => [title, ...counts.map(formatCount)]
  print(
    table(
      [{ title: 'owner' }, ...['offered', 'would be', 'missed', 'would be'].map((title) => ({ title, right: true }))],
      [
        ...loads.map(({ owner = NOBODY, offered, missed }) =>
          row(owner, offered.live, offered.draft, missed.live, missed.draft),
        ),
        row('all', offered, offered, told.missed.length, draft.missed.length),
      ],
      dim,
    ),
  )
  print(dim('as if whoever would have got a lead had been as fast as who did'))
  print('')
  list(`${formatCount(moved.length)} leads would have been offered to somebody else`, offerColumns, moved, offerRow)
  showDifference(found)
  if (!astray.length) return print('The replay as agreed offers every lead to whom it was offered.')
  list(
    `${style('red', 'The replay as agreed offers')} ${formatCount(astray.length)} leads to others than they were offered to: were definitions changed meanwhile?`,
    offerColumns,
    astray,
    offerRow,
  )
}
