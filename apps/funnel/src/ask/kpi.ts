import { printJson, say } from '../cli/print.js'
import type { Command } from 'commander'
import { QueryKpiResponse, Unit, type KpiAnswer, type KpiRow } from '@funnel/query-api'
import { workspaceCommand } from '../cli/command.js'
import { style } from '../cli/style.js'
import { table, type Column } from '../cli/table.js'
import { ask } from './door.js'
import { footer, show } from './footer.js'
import {
  formatCell,
  formatCount,
  formatDay,
  formatDimension,
  formatSides,
  formatTime,
  formatValue,
  whyNone,
} from './format.js'
import { questionOf, withKnownAt, withPeriod, withSplit, type QuestionFlags } from './question.js'

/** `funnel kpi`: one KPI, split as asked. */
export const kpiCommand = (): Command =>
  withKnownAt(
    withPeriod(
      withSplit(
        workspaceCommand('kpi', 'ask for a KPI', [
          'npx funnel kpi win-rate --by channel',
          'npx funnel kpi won-revenue --bucket month --from 2026-01',
          'npx funnel kpi leads --by owner,segment --filter channel=paid_search --from 30d',
          'npx funnel kpi open-pipeline --as-of 2026-03-31',
          'npx funnel kpi win-rate --known-at 24h        as it was known a day ago',
        ]).argument('<kpi>', 'id of the KPI; `funnel kpis` lists them'),
      ),
    ),
  ).action(async (kpi: string, flags: QuestionFlags) => {
    const question = questionOf(kpi, flags)
    await ask(flags, flags.json === true, async (client) => {
      const response = await client.queryKpi({ question })
      if (flags.json) return printJson(QueryKpiResponse.toJSON(response))
      const { answer } = response
      if (!answer) return
      const { definition } = answer
      if (definition) say(`${style('bold', definition.name, process.stderr)}: ${definition.description}`)
      show(
        answerTable(answer, question.by ?? []),
        footer(answer.basis, definition, [changedIn(answer, question.from), answer.note].filter(Boolean).join('\n')),
      )
    })
  })

/** Which definitions changed within the period, so that what is before and what is after is counted differently. */
function changedIn({ used }: KpiAnswer, from: Date | undefined): string {
  const told = used.flatMap(({ definition, version, effectiveFrom }) =>
    effectiveFrom && (!from || effectiveFrom > from)
      ? `${definition}@${version} from ${formatTime(effectiveFrom)}`
      : [],
  )
  return told.length ? `counted by another definition: ${told.join(', ')}` : ''
}

/** The rows of an answer as a table: bucket, dimensions, value, and what it is made of. */
export function answerTable({ rows, definition }: KpiAnswer, by: readonly string[]): string {
  if (!rows.length) return 'nothing in this period'
  const buckets = rows.some(({ bucketStart }) => bucketStart)
  // means of money as well as ratios
  const parted = definition?.unit === Unit.UNIT_RATIO || rows.some(({ cell }) => cell?.denominator)
  const sampled = parted || definition?.unit === Unit.UNIT_DURATION
  const columns: Column[] = [
    ...(buckets ? [{ title: 'from' }] : []),
    ...by.map((title) => ({ title })),
    { title: definition?.id ?? 'value', right: true },
    ...(parted ? [{ title: 'of', right: true }] : []),
    ...(sampled ? [{ title: 'n', right: true }] : []),
    { title: '' },
  ]
  const line = ({ bucketStart, dimensions, cell }: KpiRow): string[] => [
    ...(buckets ? [formatDay(bucketStart)] : []),
    ...by.map((_, i) => formatDimension(dimensions[i]?.value)),
    parted ? formatValue(cell?.value) : formatCell(cell),
    ...(parted ? [formatSides(cell)] : []),
    ...(sampled ? [formatCount(cell?.sampleSize ?? 0)] : []),
    remarks(cell?.value, cell?.immature ?? 0),
  ]
  return table(columns, rows.map(line), (text) => style('dim', text))
}

function remarks(value: Parameters<typeof whyNone>[0], immature: number): string {
  return [whyNone(value), immature ? `${formatCount(immature)} left out: window still open` : undefined]
    .filter((text) => text !== undefined)
    .join('; ')
}
