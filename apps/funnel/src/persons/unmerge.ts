import type { Command } from 'commander'
import { FunnelError } from '@funnel/events'
import type { DecidedMeanwhile, Meanwhile } from '@funnel/event-store'
import { workspaceCommand } from '../cli/command.js'
import { print, printJson } from '../cli/print.js'
import { style } from '../cli/style.js'
import { table } from '../cli/table.js'
import { formatTime } from '../ask/format.js'
import type { Choice } from '../workspace/locate.js'
import { storeOf } from '../workspace/stores.js'
import { giveCommand } from './command-door.js'
import { PERSON, personOf } from './person.js'

interface UnmergeFlags extends Choice {
  readonly json?: boolean
  readonly dryRun?: boolean
  readonly reason?: string
}

/** `funnel identity unmerge PERSON`: an id that was absorbed is a person of its own again. */
export const unmergeCommand = (): Command =>
  workspaceCommand('unmerge', 'take a merge back: journeys and numbers are as if it had never been', [
    'npx funnel identity unmerge person-12 --dry-run',
    'npx funnel identity unmerge person-12 --reason "two people, one address"',
    'npx funnel identity unmerge person-12 --dry-run --json | jq .decisions',
  ])
    .argument('<person>', `the id that was absorbed: ${PERSON}`)
    .option('--reason <text>', 'why; is recorded, so name nobody')
    .option('--dry-run', 'list the decisions taken since the merge, which stay, and record nothing')
    .action(async (named: string, { dryRun = false, reason, ...flags }: UnmergeFlags) => {
      const absorbed = await personOf(flags, named)
      const { decidedMeanwhile } = await import('@funnel/event-store')
      const merge = await decidedMeanwhile(storeOf(flags).databaseUrl, absorbed)
      if (!merge)
        throw new FunnelError('REJECTED', `${absorbed} is absorbed into nobody: name the id that is to be let go`, {
          person: absorbed,
        })
      const { into: person, since, decisions } = merge
      const command = { type: 'person.unmerge', person, absorbed, ...(reason !== undefined && { reason }) }
      const events = dryRun ? [] : (await giveCommand(flags, command)).events
      if (flags.json) return printJson({ person, absorbed, since, dryRun, decisions, events })
      print(
        dryRun
          ? `${absorbed} would be a person of its own again; nothing was recorded`
          : `${absorbed} is a person of its own again, with what was recorded under it before and since`,
      )
      print(staying(merge))
      if (decisions.length) print(decisionTable(decisions))
    })

function staying({ absorbed, into, since, decisions }: Meanwhile): string {
  const meanwhile = `since ${formatTime(new Date(since))}, while ${absorbed} was ${into}`
  if (!decisions.length) return `nothing was decided about their leads and deals ${meanwhile}`
  return `${decisions.length === 1 ? 'one decision stays, taken' : `${decisions.length} decisions stay, taken`} ${meanwhile}:`
}

const decisionTable = (decisions: readonly DecidedMeanwhile[]): string =>
  table(
    [{ title: 'decided' }, { title: 'decision' }, { title: 'of' }, { title: 'to' }, { title: 'by' }, { title: '' }],
    decisions.map(({ recorded, type, stream, data, actor, source, restsOnBoth }) => [
      formatTime(new Date(recorded)),
      type,
      stream.replace('-', ' '),
      (['owner', 'assignee', 'queue', 'stage'] as const).flatMap((name) => data[name] ?? [])[0] ?? '',
      actor ?? source,
      restsOnBoth ? 'rests on both' : '',
    ]),
    (text) => style('dim', text),
  )
