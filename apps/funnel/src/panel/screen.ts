import { widthOf } from '../cli/table.js'

const HIDE = '\u001B[?25l'
const SHOW = '\u001B[?25h'
/** Terminals that know it draw all between the two at once. */
const BEGIN = '\u001B[?2026h'
const END = '\u001B[?2026l'

/** A few lines at the end of a terminal that are redrawn in place; other lines scroll by above them. */
export interface Screen {
  draw(lines: readonly string[]): void
  above(line: string): void
  close(): void
}

export function openScreen(terminal: NodeJS.WriteStream): Screen {
  let drawn: readonly string[] = []
  let open = true
  // a terminal made narrower since then has broken the lines
  const rows = () =>
    drawn.reduce((sum, line) => sum + Math.max(1, Math.ceil(widthOf(line) / (terminal.columns || 80))), 0)
  const clear = () => (drawn.length ? `\r\u001B[${rows()}A\u001B[J` : '\r\u001B[J')
  const text = (lines: readonly string[]) => lines.map((line) => `${line}\n`).join('')
  const restore = () => void terminal.write(SHOW)
  process.once('exit', restore)
  terminal.write(HIDE)
  return {
    draw(lines) {
      if (!open) return
      // what does not fit would scroll away and could not be redrawn
      const fitting = lines.slice(0, Math.max(1, (terminal.rows || 24) - 1))
      terminal.write(`${BEGIN}${clear()}${text(fitting)}${END}`)
      drawn = fitting
    },
    above(line) {
      terminal.write(`${BEGIN}${clear()}${line}\n${text(drawn)}${END}`)
    },
    close() {
      if (!open) return
      open = false
      drawn = []
      restore()
      process.removeListener('exit', restore)
    },
  }
}
