import type { RowError } from './error-file.js'
import type { Example } from './dry-sink.js'
import type { Progressed } from './checkpoint.js'
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
  /** Those had been all rows: there was nothing left to do. */
  readonly doneBefore: boolean
  /** Per event type. In a dry run `recorded` counts what would be sent, `duplicate` ids that an earlier row had. */
  readonly events: Record<string, Counts>
  readonly skipped: Record<string, number>
  /** Rows that give no event because something in them is wrong; events that were not accepted. */
  errors: number
  /** Those of the rows done before. */
  readonly errorsBefore: number
  readonly firstErrors: RowError[]
  errorFile?: string
  /** Joins whose key found nothing, over all inputs that give them one name. */
  readonly unmatched: Record<string, { readonly rows: number; readonly examples: readonly string[] }>
  /** Dry run: the first event of each type. */
  examples?: Record<string, Example>
}

export const emptyReport = (importId: string, to: string, before: Progressed): Report => ({
  importId,
  to,
  rows: 0,
  rowsBefore: before.rows,
  doneBefore: before.done,
  events: {},
  skipped: {},
  errors: 0,
  errorsBefore: before.errors,
  firstErrors: [],
  unmatched: {},
})

export const countsOf = (report: Report, type: string): Counts =>
  (report.events[type] ??= { recorded: 0, duplicate: 0, conflict: 0, rejected: 0 })

const EXAMPLES = 3

/** Counts join keys that found nothing in. */
export function addUnmatched(report: Report, as: string, rows: number, examples: Iterable<string>): void {
  const known = report.unmatched[as] ?? { rows: 0, examples: [] }
  report.unmatched[as] = {
    rows: known.rows + rows,
    examples: [...new Set([...known.examples, ...examples])].slice(0, EXAMPLES),
  }
}

const n = (value: number) => value.toLocaleString('en-US')
const plural = (count: number, word: string) => `${n(count)} ${word}${count === 1 ? '' : 's'}`

/** The report as lines for people. */
export function renderReport(report: Report): string {
  const dry = report.examples !== undefined
  const before = report.rowsBefore ? `, after ${n(report.rowsBefore)} done before` : ''
  const where = `import ${report.importId} ${dry ? '(dry run: nothing was written)' : `to ${report.to}`}`
  const out = [
    report.doneBefore
      ? `nothing to do: all ${plural(report.rowsBefore, 'row')} were read before; ${where} (--restart sends them again)`
      : `${plural(report.rows, 'row')} read${before}; ${where}`,
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
  const errors = report.errors + report.errorsBefore
  if (errors) {
    const earlier = report.errorsBefore && !report.doneBefore ? `, ${n(report.errorsBefore)} of them before` : ''
    const all = report.errorFile ? `, all in ${report.errorFile}` : ''
    out.push(`  ${plural(errors, 'error')}${earlier}${all}${report.firstErrors.length ? ':' : ''}`)
    for (const { file, line, field, message } of report.firstErrors)
      out.push(`    ${file}:${line}: ${field ? `${field}: ` : ''}${message}`)
    const more = report.errors - report.firstErrors.length
    if (more)
      out.push(`    and ${n(more)} more${report.errorFile ? '' : ': --errors FILE writes all of them to a file'}`)
  }
  return out.join('\n')
}
