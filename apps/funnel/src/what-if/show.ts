import type { Missed, WhatIf } from '@funnel/reactor'
import { formatCount, formatTime, NONE } from '../ask/format.js'
import { print } from '../cli/print.js'
import { style } from '../cli/style.js'
import { table, type Column } from '../cli/table.js'

/** Of each list, so many lines. */
const LINES = 20

export const dim = (text: string): string => style('dim', text)

/** A title, and the first lines of a table under it. */
export function list<T>(title: string, columns: readonly Column[], all: readonly T[], row: (one: T) => string[]): void {
  print(title)
  if (!all.length) return
  print(table(columns, all.slice(0, LINES).map(row), dim))
  if (all.length > LINES) print(`… and ${formatCount(all.length - LINES)} more: --json has them all`)
  print('')
}

const missedColumns = ['of', 'policy', 'due', 'owner'].map((title) => ({ title }))
const missedRow = ({ lead, clock, policy, due, owner }: Missed): string[] => [
  lead === undefined ? clock : `lead ${lead}`,
  policy,
  formatTime(new Date(due)),
  owner ?? NONE,
]

/** What is missed in one and not in the other. */
export function showDifference({ gained, lost, unlike }: WhatIf): void {
  list(`${formatCount(gained.length)} more would have been missed`, missedColumns, gained, missedRow)
  list(`${formatCount(lost.length)} would not have been missed`, missedColumns, lost, missedRow)
  if (!unlike.length) return print('The replay as agreed misses exactly what was told.')
  list(
    `${style('red', 'The replay as agreed differs')} in ${formatCount(unlike.length)} from what was told: was the monitor there all the time?`,
    missedColumns,
    unlike,
    missedRow,
  )
}
