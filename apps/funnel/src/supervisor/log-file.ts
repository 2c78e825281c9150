import { closeSync, fstatSync, openSync, renameSync, writeSync } from 'node:fs'

const LIMIT = 20_000_000

/** A log that keeps its last 20 to 40 MB: when full it becomes `<path>.1`, in place of the one before. */
export interface LogFile {
  readonly path: string
  write(line: string): void
  close(): void
}

export function openLogFile(path: string, limit = LIMIT): LogFile {
  let file: number | undefined = openSync(path, 'a', 0o600)
  let size = fstatSync(file).size
  return {
    path,
    write(line) {
      if (file === undefined) return
      if (size > limit) {
        closeSync(file)
        renameSync(path, `${path}.1`)
        file = openSync(path, 'a', 0o600)
        size = 0
      }
      size += writeSync(file, `${line}\n`)
    },
    close() {
      if (file !== undefined) closeSync(file)
      file = undefined
    },
  }
}
