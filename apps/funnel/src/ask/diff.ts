import { printJson } from '../cli/print.js'
import type { Command } from 'commander'
import { FunnelError } from '@funnel/events'
import { DiffKpiResponse, Unit, type DiffKpiResponse as Diff } from '@funnel/query-api'
import { workspaceCommand, whole } from '../cli/command.js'
import { style } from '../cli/style.js'
import { table } from '../cli/table.js'
import { parseTime } from '../cli/time.js'
import { ask } from './door.js'
import { entryTable, pages } from './entries.js'
import { footer, show } from './footer.js'
import { formatCell, formatDay, formatDimension } from './format.js'
import { questionOf, withPeriod, withSplit, type QuestionFlags } from './question.js'

interface DiffFlags extends QuestionFlags {
  readonly since: string
  readonly until?: string
  readonly limit: number
}

/** `funnel diff`: what changed in a KPI between two instants of knowing, and why. */
export const diffCommand = (): Command =>
  withPeriod(
    withSplit(
      workspaceCommand('diff', 'show what changed in a KPI since it was last known, and why', [
        'npx funnel diff leads --since 15m',
        'npx funnel diff won-revenue --since 2026-02-01 --until 2026-02-08 --by owner',
        'npx funnel diff win-rate --since 24h --from 2026-01 --to 2026-02    did January change?',
      ])
        .argument('<kpi>', 'id of the KPI')
        .requiredOption('--since <time>', 'as it was known then')
        .option('--until <time>', '… and as it was known then (now when absent)')
        .option('-n, --limit <n>', 'so many entries at most', whole, 20),
    ),
  ).action(async (kpi: string, flags: DiffFlags) => {
    const question = questionOf(kpi, flags)
    const { knownFrom, knownTo } = spanOf(flags)
    await ask(flags, flags.json === true, async (client) => {
      const { first, entries, more } = await pages(flags.limit, (pageToken, pageSize) =>
        client.diffKpi({ question, knownFrom, knownTo, pageToken, pageSize }),
      )
      if (flags.json) {
        const json = DiffKpiResponse.toJSON({ ...first, entries, nextPageToken: '' }) as object
        return printJson({ ...json, more })
      }
      const parts = [
        first.changes.length ? changeTable(first, question.by ?? []) : 'no change',
        ...(entries.length ? ['', entryTable(entries, first.definition?.unit === Unit.UNIT_RATIO)] : []),
      ]
      const cut = more ? `the first ${entries.length} entries; more with --limit` : first.note
      show(parts.join('\n'), footer(first.basis, first.definition, cut))
    })
  })

/** The two instants of knowing. Throws INVALID naming the flags. */
export function spanOf({ since, until }: Pick<DiffFlags, 'since' | 'until'>, now = Date.now()) {
  const knownFrom = parseTime(since, '--since', now)
  const knownTo = until === undefined ? undefined : parseTime(until, '--until', now)
  if (knownTo && knownTo < knownFrom)
    throw new FunnelError(
      'INVALID',
      `--until ${until} lies before --since ${since}: swap the two, or leave --until out`,
    )
  return { knownFrom, knownTo }
}

/** What each cell was before and is now. */
export function changeTable({ changes }: Diff, by: readonly string[]): string {
  const buckets = changes.some(({ bucketStart }) => bucketStart)
  return table(
    [
      ...(buckets ? [{ title: 'from' }] : []),
      ...by.map((title) => ({ title })),
      { title: 'before', right: true },
      { title: 'after', right: true },
    ],
    changes.map(({ bucketStart, dimensions, before, after }) => [
      ...(buckets ? [formatDay(bucketStart)] : []),
      ...by.map((_, i) => formatDimension(dimensions[i]?.value)),
      formatCell(before),
      formatCell(after),
    ]),
    (text) => style('dim', text),
  )
}
