import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import type { Act, Company } from '@funnel/demo'
import type { Positions } from '@funnel/events'

/** What is kept of the demo between starts. */
export interface Kept {
  readonly company: Company
  /** How far the company has seen what was recorded. */
  seen: Positions
  /** What it did last, which may not have reached the platform. */
  unsent: readonly Act[]
}

/** What the file has; undefined where there is none. */
export function load(file: string): Kept | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Kept
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** Writes all of it or nothing. */
export function save(file: string, kept: Kept): void {
  writeFileSync(`${file}.new`, JSON.stringify(kept), { mode: 0o600 })
  renameSync(`${file}.new`, file)
}
