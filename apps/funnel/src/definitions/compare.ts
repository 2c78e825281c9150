import type { Applied } from '@funnel/definitions'
import type { Instant } from '@funnel/events'
import { say } from '../cli/print.js'
import { style } from '../cli/style.js'
import type { Choice } from '../workspace/locate.js'
import { storeOf } from '../workspace/stores.js'
import { readFolders } from './folders.js'
import type { Step } from './steps.js'

export interface Flags extends Choice {
  readonly json?: boolean
}

/** The files against what was applied last. */
export interface Compared {
  readonly steps: readonly Step[]
  /** What is in no file any more. */
  readonly removed: readonly Applied[]
  readonly databaseUrl: string
}

/** Compares the definitions of folders with those applied in the workspace. Throws INVALID on mistakes, UNAVAILABLE. */
export async function compare(
  folders: readonly string[],
  flags: Flags,
  at: Instant,
  effective?: Instant,
): Promise<Compared> {
  const { databaseUrl, definitions, name } = storeOf(flags)
  if (!flags.json) say(style('dim', name, process.stderr))
  const files = await readFolders(folders, definitions)
  const [{ createPool }, { lastApplied }, { removedFrom, stepsFor }] = await Promise.all([
    import('@funnel/platform'),
    import('./applied.js'),
    import('./steps.js'),
  ])
  const pool = createPool(databaseUrl, 'funnel-definitions', 1)
  try {
    const applied = await lastApplied(pool)
    const steps = stepsFor(files, applied, at, effective)
    return { steps, removed: removedFrom(steps, applied), databaseUrl }
  } finally {
    await pool.end()
  }
}
