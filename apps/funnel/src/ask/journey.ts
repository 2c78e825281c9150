import { Argument, type Command } from 'commander'
import { ListJourneyResponse } from '@funnel/query-api'
import { whole, workspaceCommand } from '../cli/command.js'
import { printJson } from '../cli/print.js'
import { style } from '../cli/style.js'
import { table } from '../cli/table.js'
import type { Choice } from '../workspace/locate.js'
import { ask } from './door.js'
import { footer, show } from './footer.js'
import { formatText, formatTime } from './format.js'

interface JourneyFlags extends Choice {
  readonly json?: boolean
  readonly type?: string[]
  readonly limit: number
}

const kinds = ['person', 'account', 'lead', 'deal'] as const
const PAGE = 1000

/** `funnel journey`: everything that happened with a person, a company, a lead or a deal, oldest first. */
export const journeyCommand = (): Command =>
  workspaceCommand('journey', 'show what happened with a person or a company, from the first touch on', [
    'npx funnel journey person person-7',
    'npx funnel journey lead lead-42 --type touchpoint.recorded',
    'npx funnel journey deal deal-3 --json',
  ])
    .addArgument(new Argument('<kind>', 'whose journey').choices(kinds))
    .argument('<id>', 'its id')
    .option('--type <type>', 'only events of this type; again for more', collect)
    .option('-n, --limit <n>', `so many events at most, up to ${PAGE}`, whole, 100)
    .action(async ($case: (typeof kinds)[number], value: string, flags: JourneyFlags) =>
      ask(flags, flags.json === true, async (client) => {
        const answer = await client.listJourney({
          subject: { $case, value },
          types: flags.type ?? [],
          pageSize: Math.min(flags.limit, PAGE),
        })
        if (flags.json) return printJson(ListJourneyResponse.toJSON(answer))
        const further = flags.limit < PAGE ? 'more with --limit' : 'narrow down with --type'
        const more = answer.nextPageToken ? `the first ${answer.events.length} events; ${further}` : undefined
        show(
          answer.events.length ? eventTable(answer) : `nothing is known of the ${$case} ${value}`,
          footer(answer.basis, undefined, more),
        )
      }),
    )

const collect = (value: string, before: readonly string[] = []): string[] => [...before, value]

const eventTable = ({ events, unattributable }: ListJourneyResponse): string =>
  table(
    [{ title: 'happened' }, { title: 'event' }, { title: 'of' }, { title: 'what it says' }, { title: 'by' }],
    events.map(({ id, occurredAt, type, stream, dataJson, source }) => [
      formatTime(occurredAt),
      type,
      stream.replace('-', ' '),
      (unattributable.includes(id) ? 'not attributed for want of consent: ' : '') + said(dataJson, stream),
      source,
    ]),
    (text) => style('dim', text),
  )

/** What an event says, in short: the subject itself and nested values left out. */
function said(dataJson: string, stream: string): string {
  const subject = stream.slice(stream.indexOf('-') + 1)
  const text = Object.entries(JSON.parse(dataJson) as Record<string, unknown>)
    .flatMap(([name, value]) =>
      value === subject || typeof value === 'object'
        ? []
        : [`${name} ${formatText(String(value as string | number | boolean))}`],
    )
    .join(', ')
  return text.length > 80 ? `${text.slice(0, 79)}…` : text
}
