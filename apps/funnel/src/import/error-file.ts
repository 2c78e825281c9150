import { open, rm, type FileHandle } from 'node:fs/promises'
import { FunnelError } from '@funnel/events'

/** What is wrong with a row, or became of an event of it. */
export interface RowError {
  readonly file: string
  readonly line: number
  readonly event?: string | undefined
  readonly field?: string | undefined
  readonly code: string
  readonly message: string
}

const columns = ['file', 'line', 'event', 'field', 'code', 'message'] as const

/** Collects row errors in a CSV file that comes into being with the first of them. */
export interface ErrorFile {
  readonly path: string
  /** Writes errors, in order. */
  readonly add: (errors: readonly RowError[]) => Promise<void>
  readonly close: () => Promise<void>
}

const cell = (value: string | number | undefined) => {
  const text = String(value ?? '')
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

/**
 * The file at a path; what an earlier run left there is removed, unless this one goes on from it. Throws INVALID where it
 * cannot be written.
 */
export async function openErrorFile(path: string, goesOn: boolean): Promise<ErrorFile> {
  const orSay = <T>(done: Promise<T>): Promise<T> =>
    done.catch((cause: unknown) => {
      throw new FunnelError(
        'INVALID',
        `${path}: cannot be written; name another file for row errors with --errors`,
        {},
        cause,
      )
    })
  if (!goesOn) await orSay(rm(path, { force: true }))
  let file: FileHandle | undefined
  return {
    path,
    async add(errors) {
      if (!errors.length) return
      if (!file) {
        file = await orSay(open(path, 'a'))
        if (!(await file.stat()).size) await file.appendFile(`${columns.join(',')}\n`)
      }
      const lines = errors.map((error) => `${columns.map((column) => cell(error[column])).join(',')}\n`)
      await orSay(file.appendFile(lines.join('')))
    },
    close: async () => file?.close(),
  }
}
