import type { RowError } from './error-file.js'
import type { Envelope } from '@funnel/events'
import type { Verdict } from './sink.js'

export type Counts = Record<Verdict['outcome'], number>

/** What an import did, or would do. */
export interface Report {
  readonly importId: string
  /** Where the events went; a dry run leads nowhere. */
  readonly to: string
  /** Rows read in this run; `rowsBefore` had been done by an earlier one. */
  rows: number
  readonly rowsBefore: number
  /** Per event type. In a dry run `recorded` counts what would be sent, `duplicate` ids that an earlier row had. */
  readonly events: Record<string, Counts>
  readonly skipped: Record<string, number>
  /** Rows that give no event because something in them is wrong; events that were not accepted. */
  errors: number
  readonly firstErrors: RowError[]
  errorFile?: string
  /** Joins whose key found nothing. */
  readonly unmatched: Record<string, { rows: number; examples: readonly string[] }>
  /** Dry run: the first event of each type. */
  examples?: Record<string, Envelope>
}

export const emptyReport = (importId: string, to: string, rowsBefore: number): Report => ({
  importId,
  to,
  rows: 0,
  rowsBefore,
  events: {},
  skipped: {},
  errors: 0,
  firstErrors: [],
  unmatched: {},
})

export const countsOf = (report: Report, type: string): Counts =>
  (report.events[type] ??= { recorded: 0, duplicate: 0, conflict: 0, rejected: 0 })

const n = (value: number) => value.toLocaleString('en-US')
const plural = (count: number, word: string) => `${n(count)} ${word}${count === 1 ? '' : 's'}`

/** The report as lines for people. */
export function renderReport(report: Report): string {
  const dry = report.examples !== undefined
  const before = report.rowsBefore ? `, after ${n(report.rowsBefore)} done before` : ''
  const out = [
    `${plural(report.rows, 'row')} read${before}; import ${report.importId} ${dry ? '(dry run: nothing was written)' : `to ${report.to}`}`,
  ]
  const others = {
    duplicate: dry ? 'with the id of an earlier row: does "key" tell the rows apart?' : 'known already',
    conflict: 'in conflict',
    rejected: 'rejected',
  }
  for (const [type, counts] of Object.entries(report.events)) {
    const rest = (['duplicate', 'conflict', 'rejected'] as const)
      .filter((outcome) => counts[outcome])
      .map((outcome) => `, ${n(counts[outcome])} ${others[outcome]}`)
    out.push(
      `  ${type.padEnd(22)} ${n(counts.recorded).padStart(9)} ${dry ? 'would be recorded' : 'recorded'}${rest.join('')}`,
    )
  }
  for (const [because, rows] of Object.entries(report.skipped)) out.push(`  ${plural(rows, 'row')} skipped: ${because}`)
  for (const [join, { rows, examples }] of Object.entries(report.unmatched))
    out.push(
      `  ${plural(rows, 'row')} found nothing in "${join}", such as ${examples.map((text) => `"${text}"`).join(', ')}`,
    )
  for (const [type, event] of Object.entries(report.examples ?? {}))
    out.push(`  first ${type}: ${JSON.stringify(event)}`)
  if (report.errors) {
    out.push(`  ${plural(report.errors, 'error')}${report.errorFile ? `, all in ${report.errorFile}` : ''}:`)
    for (const { file, line, field, message } of report.firstErrors)
      out.push(`    ${file}:${line}: ${field ? `${field}: ` : ''}${message}`)
  }
  return out.join('\n')
}
