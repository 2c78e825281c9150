import { print, say } from '../cli/print.js'
import { Finality, type Basis, type KpiDefinition } from '@funnel/query-api'
import { style } from '../cli/style.js'
import { formatTime } from './format.js'

/** What an answer rests on: definition, watermark, and whether it can still change. For stderr. */
export function footer(basis: Basis | undefined, definition?: KpiDefinition, note = ''): string {
  if (!basis) return ''
  const finality = basis.finality === Finality.FINALITY_FINAL ? 'final' : 'provisional'
  const parts = [
    definition ? `${definition.id}@${definition.version}` : '',
    `complete to ${formatTime(basis.watermark)}`,
    finality,
    basis.parked ? `${basis.parked} subjects parked` : '',
  ]
  const lines = [parts.filter(Boolean).join(' · '), note].filter(Boolean)
  return lines.map((line) => style('dim', line, process.stderr)).join('\n')
}

/** That a list goes on, where `most` is the greatest limit there is. */
export const moreThan = (limit: number, most: number): string =>
  `there are more; narrow down${limit < most ? ', or raise --limit' : ''}`

/** Prints data, then what it rests on. */
export function show(data: string, foot: string): void {
  print(data)
  if (foot) say(foot)
}
