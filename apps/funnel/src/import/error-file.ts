import { constants } from 'node:fs'
import { access, open, rm, stat, type FileHandle } from 'node:fs/promises'
import { dirname } from 'node:path'
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

/** Where the row errors of a file go unless another place is named. */
export const errorFileOf = (path: string): string => `${path}.errors.csv`

/** Collects row errors in a CSV file that comes into being with the first of them. */
export interface ErrorFile {
  readonly path: string
  /** Writes errors, in order. The first time, with none too, it replaces what an earlier run left there. */
  readonly add: (errors: readonly RowError[]) => Promise<void>
  readonly close: () => Promise<void>
}

const cell = (value: string | number | undefined) => {
  const text = String(value ?? '')
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

/**
 * The file at a path. What an earlier run left there stays until this one has got somewhere, and for good where it goes
 * on from that one. Throws INVALID where it cannot be written.
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
  await orSay(assertWritable(path))
  let stale = !goesOn
  let file: FileHandle | undefined
  return {
    path,
    async add(errors) {
      if (stale) await orSay(rm(path, { force: true }))
      stale = false
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

/** Told before anything is sent: what is recorded by then could not be told from what is not. */
async function assertWritable(path: string): Promise<void> {
  const found = await stat(path).catch(() => undefined)
  if (found?.isDirectory()) throw new Error('it is a folder')
  for (const place of found ? [path, dirname(path)] : [dirname(path)]) await access(place, constants.W_OK)
}
