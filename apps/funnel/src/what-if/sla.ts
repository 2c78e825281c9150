import type { Command } from 'commander'
import type { Draft } from '@funnel/definitions'
import type { Judgement, WhatIf } from '@funnel/reactor'
import { formatCount } from '../ask/format.js'
import { workspaceCommand } from '../cli/command.js'
import { exits } from '../cli/exit.js'
import { print, printJson } from '../cli/print.js'
import { table } from '../cli/table.js'
import { named, replayUnder, type ReplayFlags } from './replay.js'
import { dim, showDifference } from './show.js'

/** `funnel whatif sla FILE…`: what would have been missed under other policies, calendars or teams. */
export const slaWhatIf = (): Command =>
  workspaceCommand(
    'sla',
    'replay the log under a policy or a calendar, and list what would have been missed and what not',
    [
      'npx funnel whatif sla drafts/lead-response.yaml --from 30d',
      'npx funnel whatif sla drafts/berlin.yaml --from 30d',
      'npx funnel whatif sla drafts/lead-response.yaml drafts/berlin.yaml our-definitions',
      'npx funnel whatif sla drafts/lead-response.yaml --from 2030-01 --to 2030-02 --json | jq .gained',
    ],
  )
    .argument(
      '<file...>',
      'files of policies, calendars or teams, each in the place of the one with its id; folders with what they name, after those of the workspace',
    )
    .option('--from <time>', 'promises that came due from this instant on')
    .option('--to <time>', 'and before this one')
    .action(async (paths: string[], flags: ReplayFlags) => {
      const { whatIf } = await import('@funnel/reactor')
      const { drafts, found } = await replayUnder(paths, ['sla', 'calendar', 'team'], flags, whatIf)
      if (found.unlike.length) process.exitCode = exits.difference
      if (flags.json) return printJson({ drafts: named(drafts), ...found })
      show(drafts, found)
    })

function show(drafts: readonly Draft[], found: WhatIf): void {
  const row = (title: string, { started, missed }: Judgement) => [
    title,
    formatCount(started),
    formatCount(missed.length),
  ]
  const names = drafts.map(({ value: { id, version } }) => `${id}@${version}`).join(', ')
  const isOfAll = drafts.some(({ kind }) => kind !== 'sla')
  print(
    table(
      [
        { title: isOfAll ? 'all promises about leads' : drafts.map(({ value }) => value.id).join(', ') },
        { title: 'started', right: true },
        { title: 'missed', right: true },
      ],
      [
        row('as it was told', found.told),
        row('replayed as agreed', found.agreed),
        row(`under ${names} of the file${drafts.length > 1 ? 's' : ''}`, found.draft),
      ],
      dim,
    ),
  )
  print('')
  showDifference(found)
}
