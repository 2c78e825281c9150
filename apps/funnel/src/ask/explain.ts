import { printJson, say } from '../cli/print.js'
import type { Command } from 'commander'
import { Option } from 'commander'
import { ExplainKpiResponse, Side } from '@funnel/query-api'
import { workspaceCommand, whole } from '../cli/command.js'
import { style } from '../cli/style.js'
import { ask } from './door.js'
import { entryTable, pages } from './entries.js'
import { footer, show } from './footer.js'
import { formatQuantity } from './format.js'
import { questionOf, withKnownAt, withPeriod, type QuestionFlags } from './question.js'

interface ExplainFlags extends QuestionFlags {
  readonly side: 'numerator' | 'denominator'
  readonly limit: number
}

/** `funnel explain`: the ledger entries behind a number, each with the event that caused it. */
export const explainCommand = (): Command =>
  withKnownAt(
    withPeriod(
      workspaceCommand('explain', 'show what is behind a KPI, down to the events', [
        'npx funnel explain won-revenue --from 2026-01 --to 2026-02',
        'npx funnel explain win-rate --filter channel=referral --side denominator',
        'npx funnel explain leads --limit 1000 --json',
      ])
        .argument('<kpi>', 'id of the KPI')
        .addOption(
          new Option('--side <side>', 'which side of a ratio')
            .choices(['numerator', 'denominator'])
            .default('numerator'),
        )
        .option('-n, --limit <n>', 'so many entries at most', whole, 20),
    ),
  ).action(async (kpi: string, flags: ExplainFlags) => {
    const question = questionOf(kpi, flags)
    const side = flags.side === 'denominator' ? Side.SIDE_DENOMINATOR : Side.SIDE_NUMERATOR
    await ask(flags, flags.json === true, async (client) => {
      const { first, entries, more } = await pages(flags.limit, (pageToken, pageSize) =>
        client.explainKpi({ question, side, pageToken, pageSize }),
      )
      if (flags.json) {
        const json = ExplainKpiResponse.toJSON({ ...first, entries, nextPageToken: '' }) as object
        return printJson({ ...json, more })
      }
      say(`total ${style('bold', formatQuantity(first.total), process.stderr)}`)
      const cut = more ? `the first ${entries.length} entries; more with --limit` : first.note
      show(entries.length ? entryTable(entries) : 'no entries', footer(first.basis, first.definition, cut))
    })
  })
