import { printJson } from '../cli/print.js'
import type { Command } from 'commander'
import { FunnelError } from '@funnel/events'
import { ListDealsResponse, ListLeadsResponse, Outcome, type Deal, type Lead } from '@funnel/query-api'
import { workspaceCommand, whole } from '../cli/command.js'
import { style } from '../cli/style.js'
import { table } from '../cli/table.js'
import { parseTime } from '../cli/time.js'
import type { Choice } from '../workspace/locate.js'
import { ask } from './door.js'
import { footer, moreThan, show } from './footer.js'
import { formatMoney, formatTime, NONE } from './format.js'

interface ListFlags extends Choice {
  readonly json?: boolean
  readonly stage?: string[]
  readonly owner?: string[]
  readonly channel?: string[]
  readonly outcome?: string[]
  readonly flag?: string[]
  readonly from?: string
  readonly to?: string
  readonly limit: number
}

const PAGE = 1000
const collect = (value: string, before: readonly string[] = []): string[] => [...before, value]
const dim = (text: string) => style('dim', text)

/** `funnel leads`: the leads as they stand, newest first. */
export const leadsCommand = (): Command =>
  withFilters(
    workspaceCommand('leads', 'list leads as they stand, newest first', [
      'npx funnel leads --stage sql --limit 10',
      'npx funnel leads --channel referral --from 30d --json',
    ]),
  )
    .option('--channel <id>', 'of this channel; again for more', collect)
    .action(async (flags: ListFlags) =>
      ask(flags, flags.json === true, async (client) => {
        const first = await client.listLeads({
          leads: [],
          stages: flags.stage ?? [],
          channels: flags.channel ?? [],
          owners: flags.owner ?? [],
          flags: flags.flag ?? [],
          capturedFrom: timeOf(flags.from, '--from'),
          capturedTo: timeOf(flags.to, '--to'),
          pageSize: Math.min(flags.limit, PAGE),
        })
        if (flags.json) return printJson(ListLeadsResponse.toJSON(first))
        show(
          first.leads.length ? leadTable(first.leads) : 'no leads',
          footer(first.basis, undefined, more(first.nextPageToken, flags.limit)),
        )
      }),
    )

/** `funnel deals`: the deals as they stand, newest first. */
export const dealsCommand = (): Command =>
  withFilters(
    workspaceCommand('deals', 'list deals as they stand, newest first', [
      'npx funnel deals --outcome won --from 30d',
      'npx funnel deals --outcome open --owner silva --json',
    ]),
  )
    .option('--outcome <outcome>', 'open, won or lost; again for more', collect)
    .action(async (flags: ListFlags) =>
      ask(flags, flags.json === true, async (client) => {
        const first = await client.listDeals({
          stages: flags.stage ?? [],
          outcomes: (flags.outcome ?? []).map(outcomeOf),
          owners: flags.owner ?? [],
          flags: flags.flag ?? [],
          openedFrom: timeOf(flags.from, '--from'),
          openedTo: timeOf(flags.to, '--to'),
          pageSize: Math.min(flags.limit, PAGE),
        })
        if (flags.json) return printJson(ListDealsResponse.toJSON(first))
        show(
          first.deals.length ? dealTable(first.deals) : 'no deals',
          footer(first.basis, undefined, more(first.nextPageToken, flags.limit)),
        )
      }),
    )

const withFilters = (list: Command): Command =>
  list
    .option('--stage <id>', 'in this stage; again for more', collect)
    .option('--owner <name>', 'of this owner; again for more', collect)
    .option('--flag <flag>', 'with this flag; again for more', collect)
    .option('--from <time>', 'begun from this instant on')
    .option('--to <time>', '… and before this one')
    .option('-n, --limit <n>', `so many at most, up to ${PAGE}`, whole, 20)

const timeOf = (text: string | undefined, option: string) => (text === undefined ? undefined : parseTime(text, option))
const more = (token: string, limit: number) => (token ? moreThan(limit, PAGE) : '')

const outcomes = { open: Outcome.OUTCOME_OPEN, won: Outcome.OUTCOME_WON, lost: Outcome.OUTCOME_LOST } as const

function outcomeOf(text: string): Outcome {
  if (text === 'open' || text === 'won' || text === 'lost') return outcomes[text]
  throw new FunnelError('INVALID', `--outcome ${text} is unknown: use open, won or lost`)
}
const nameOf = (outcome: Outcome): string =>
  Object.entries(outcomes).find(([, value]) => value === outcome)?.[0] ?? NONE

const leadTable = (leads: readonly Lead[]): string =>
  table(
    ['lead', 'stage', 'since', 'owner', 'channel', 'captured', 'flags'].map((title) => ({ title })),
    leads.map(({ lead, stage, stageAt, owner, channel, capturedAt, flags }) => [
      lead,
      stage ?? NONE,
      formatTime(stageAt),
      owner ?? NONE,
      channel ?? NONE,
      formatTime(capturedAt),
      flags.join(', '),
    ]),
    dim,
  )

const dealTable = (deals: readonly Deal[]): string =>
  table(
    [
      { title: 'deal' },
      { title: 'outcome' },
      { title: 'stage' },
      { title: 'amount', right: true },
      { title: 'owner' },
      { title: 'lead' },
      { title: 'opened' },
      { title: 'closed' },
      { title: 'flags' },
    ],
    deals.map(({ deal, outcome, stage, amount, owner, lead, openedAt, closedAt, flags }) => [
      deal,
      nameOf(outcome),
      stage ?? NONE,
      amount ? formatMoney(amount) : NONE,
      owner ?? NONE,
      lead ?? NONE,
      formatTime(openedAt),
      formatTime(closedAt),
      flags.join(', '),
    ]),
    dim,
  )
