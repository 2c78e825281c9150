import { stripVTControlCharacters } from 'node:util'

/** A column of a table; numbers stand at the right. */
export interface Column {
  readonly title: string
  readonly right?: boolean
}

/** How many places the text takes on a terminal, as far as we write such text: no wide characters. */
export const widthOf = (text: string): number => lettersOf(stripVTControlCharacters(text)).length

const segmenter = new Intl.Segmenter()

/** What a reader takes for one letter each. */
export const lettersOf = (text: string): string[] => Array.from(segmenter.segment(text), ({ segment }) => segment)

/** The text filled up with blanks to a width. */
export const pad = (text: string, width: number, right = false): string => {
  const blanks = ' '.repeat(Math.max(0, width - widthOf(text)))
  return right ? blanks + text : text + blanks
}

/** Rows under their titles, columns aligned and two blanks apart. */
export function table(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  title = (text: string) => text,
): string {
  const widths = columns.map((column, i) =>
    Math.max(widthOf(column.title), ...rows.map((row) => widthOf(row[i] ?? ''))),
  )
  const line = (cells: readonly string[]) =>
    columns
      .map((column, i) => pad(cells[i] ?? '', widths[i] ?? 0, column.right))
      .join('  ')
      .trimEnd()
  return [title(line(columns.map(({ title }) => title))), ...rows.map(line)].join('\n')
}
