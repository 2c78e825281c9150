import { FunnelError } from '@funnel/events'

/** One row as a mapping sees it: the text of a column, undefined where there is none (a join without a match). */
export type Row = Readonly<Record<string, string | undefined>>

/** A compiled piece of a mapping. */
export interface Template {
  /** The text for a row; undefined where any column in it is missing. Pure. */
  readonly text: (row: Row) => string | undefined
  /** The columns it reads. */
  readonly columns: readonly string[]
}

type Step = (text: string | undefined) => string | undefined

const onText =
  (change: (text: string) => string | undefined): Step =>
  (text) =>
    text === undefined ? undefined : change(text)

/** The functions of templates; all pure. `docs/import.md` lists them. */
const functions: Readonly<Record<string, (argument: string | undefined) => Step>> = {
  trim: () => onText((text) => text.trim()),
  lower: () => onText((text) => text.toLowerCase()),
  upper: () => onText((text) => text.toUpperCase()),
  slug: () => onText(slug),
  // An empty cell is a value of its own; this says that here it means "nothing known".
  nonempty: () => onText((text) => (text === '' ? undefined : text)),
  default: (argument) => (text) => text ?? argument,
}

/** Lower case letters and digits joined by single hyphens, accents dropped: `São Paulo (BR)` → `sao-paulo-br`. */
export const slug = (text: string): string =>
  text
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, '-')
    .replace(/^-|-$/g, '')

/**
 * Compiles `text {{ column | function | function("argument") }} text`. Text without braces is a constant.
 * Throws INVALID with what is wrong.
 */
export function compileTemplate(source: string): Template {
  const parts: (string | ((row: Row) => string | undefined))[] = []
  const columns: string[] = []
  let at = 0
  for (const match of source.matchAll(/\{\{(.*?)\}\}/gs)) {
    if (match.index > at) parts.push(source.slice(at, match.index))
    const { column, step } = compileExpression(match[1] ?? '')
    columns.push(column)
    parts.push((row) => step(row[column]))
    at = match.index + match[0].length
  }
  if (at < source.length) parts.push(source.slice(at))
  const constant = parts.filter((part) => typeof part === 'string').join('')
  if (constant.includes('{{') || constant.includes('}}'))
    throw new FunnelError('INVALID', `"${source}" has an opening {{ or a closing }} without its partner`)
  if (!columns.length) return { text: () => source, columns }
  return {
    columns,
    text: (row) => {
      let text = ''
      for (const part of parts) {
        const piece = typeof part === 'string' ? part : part(row)
        if (piece === undefined) return undefined
        text += piece
      }
      return text
    },
  }
}

function compileExpression(source: string): { column: string; step: Step } {
  const [column = '', ...calls] = source.split('|').map((piece) => piece.trim())
  if (!column) throw new FunnelError('INVALID', `"{{${source}}}" names no column`)
  const steps = calls.map((call) => {
    const [, name = '', argument] = /^([a-z]+)(?:\("([^"]*)"\))?$/.exec(call) ?? []
    const make = Object.hasOwn(functions, name) ? functions[name] : undefined
    if (!make)
      throw new FunnelError(
        'INVALID',
        `"${call}" is no function of templates; there are ${Object.keys(functions).join(', ')}`,
      )
    if ((argument !== undefined) !== (name === 'default'))
      throw new FunnelError('INVALID', name === 'default' ? 'write default("…")' : `${name} takes no argument`)
    return make(argument)
  })
  return { column, step: (text) => steps.reduce((value, step) => step(value), text) }
}
