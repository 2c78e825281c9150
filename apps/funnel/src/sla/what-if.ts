import { Command } from 'commander'
import type { Recorded } from '@funnel/events'
import type { Judgement, Missed, WhatIf } from '@funnel/reactor'
import { formatCount, formatTime, NONE } from '../ask/format.js'
import { workspaceCommand } from '../cli/command.js'
import { exits } from '../cli/exit.js'
import { print, printJson, say } from '../cli/print.js'
import { style } from '../cli/style.js'
import { table } from '../cli/table.js'
import { parseTime } from '../cli/time.js'
import { eventProgress } from '../upkeep/progress.js'
import type { Choice } from '../workspace/locate.js'
import { storeOf } from '../workspace/stores.js'

const PAGE = 5000
/** Of what was gained and lost, so many lines each. */
const LINES = 20

interface Flags extends Choice {
  readonly json?: boolean
  readonly from?: string
  readonly to?: string
}

/** `funnel whatif`: the past under other rules. */
export const whatIfCommand = (): Command =>
  new Command('whatif').summary('replay the past under rules that are not agreed yet').addCommand(slaWhatIf())

const slaWhatIf = (): Command =>
  workspaceCommand('sla', 'replay the log under a policy, and list what would have been missed and what not', [
    'npx funnel whatif sla drafts/lead-response.yaml --from 30d',
    'npx funnel whatif sla drafts/lead-response.yaml --from 2030-01 --to 2030-02 --json | jq .gained',
  ])
    .argument('<policy>', 'the file of the policy, which comes in the place of the one with its id')
    .argument('[folder...]', 'folders with its calendars and teams, after those of the workspace')
    .option('--from <time>', 'promises that came due from this instant on')
    .option('--to <time>', 'and before this one')
    .action(async (file: string, more: string[], flags: Flags) => {
      const { databaseUrl, definitions: folders, name } = storeOf(flags)
      if (!flags.json) say(style('dim', name, process.stderr))
      const now = Date.now()
      const instant = (text: string | undefined, option: string) =>
        text === undefined ? undefined : parseTime(text, option, now).getTime()
      const [from, to] = [instant(flags.from, '--from'), instant(flags.to, '--to')]
      const [
        { createPool },
        { postgresEventTail },
        { whatIf },
        { definitionFolders, loadAllDefinitions, readDraft },
        events,
      ] = await Promise.all([
        import('@funnel/platform'),
        import('@funnel/event-log'),
        import('@funnel/reactor'),
        import('@funnel/definitions'),
        import('@funnel/events'),
      ])
      const known = definitionFolders(folders)
      const { draft, definitions: withDraft } = readDraft('sla', file, [...known, ...more])
      const store = createPool(databaseUrl, 'funnel-whatif', 1)
      const progress = eventProgress('replay', flags.json === true)
      try {
        const tail = postgresEventTail(store)
        const head = await tail.heads()
        const total = events.distance({}, head.positions)
        const pages = async function* (): AsyncGenerator<readonly Recorded[]> {
          let place = {}
          for (let done = 0; done < total;) {
            const page = await tail.read(place, head.positions, PAGE)
            if (!page.length) return
            yield page
            place = events.advance(place, page)
            progress.update({ done: (done += page.length), total })
          }
        }
        const found = await whatIf({
          pages: pages(),
          w: head.w,
          definitions: loadAllDefinitions(known),
          draft: { policy: draft, ...withDraft },
          from,
          to,
        })
        progress.stop()
        if (found.unlike.length) process.exitCode = exits.difference
        if (flags.json) return printJson({ policy: draft.id, version: draft.version, ...found })
        show(draft.id, draft.version, found)
      } finally {
        progress.stop()
        await store.end()
      }
    })

function show(policy: string, version: number, { told, agreed, draft, gained, lost, unlike }: WhatIf): void {
  const row = (title: string, { started, missed }: Judgement) => [
    title,
    formatCount(started),
    formatCount(missed.length),
  ]
  print(
    table(
      [{ title: policy }, { title: 'started', right: true }, { title: 'missed', right: true }],
      [
        row('as it was told', told),
        row('replayed as agreed', agreed),
        row(`under version ${version} of the file`, draft),
      ],
      (text) => style('dim', text),
    ),
  )
  print('')
  list(`${formatCount(gained.length)} more would have been missed`, gained)
  list(`${formatCount(lost.length)} would not have been missed`, lost)
  if (!unlike.length) print('The replay as agreed misses exactly what was told.')
  else
    list(
      `${style('red', 'The replay as agreed differs')} in ${formatCount(unlike.length)} from what was told: was the monitor there all the time?`,
      unlike,
    )
}

function list(title: string, missed: readonly Missed[]): void {
  print(title)
  if (!missed.length) return
  print(
    table(
      ['of', 'due', 'owner'].map((column) => ({ title: column })),
      missed
        .slice(0, LINES)
        .map(({ lead, clock, due, owner }) => [
          lead === undefined ? clock : `lead ${lead}`,
          formatTime(new Date(due)),
          owner ?? NONE,
        ]),
      (text) => style('dim', text),
    ),
  )
  if (missed.length > LINES) print(`… and ${formatCount(missed.length - LINES)} more: --json has them all`)
  print('')
}
