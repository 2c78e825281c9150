import { nothingApplied, versionsOf, withRecords, type SomeDefinitions, type Versions } from '@funnel/definitions'
import { upcastRecord } from '@funnel/events'
import type { DefinitionLog } from './definition-log.js'

/** The definitions that decisions go by. */
export interface CurrentDefinitions<D> extends Versions<D> {
  /** Resolves when `at` goes by all that was recorded before the call; absent where nothing is ever applied. */
  readonly refresh?: () => Promise<void>
}

/**
 * The definitions in force in a log, see `versionsOf`, as of the last refresh; `base` counts for what was never applied. A
 * refresh reads what is new since the one before; those that are asked for while one reads share the next. It rejects as
 * the log does.
 */
export function definitionsInForce<D extends SomeDefinitions>(
  base: D,
  log: DefinitionLog,
): Required<CurrentDefinitions<D>> {
  let place = 0
  let history = nothingApplied
  let versions: Versions<D> = versionsOf(base, history)
  let reading: Promise<void> | undefined
  let next: Promise<void> | undefined

  const read = async (): Promise<void> => {
    const records = await log.read(place)
    const { applied } = withRecords(history, records.map(upcastRecord))
    // after what was applied, so that nothing is taken for set up because business began in between
    const firstBusiness = applied.length ? (history.firstBusiness ?? (await log.firstBusiness())) : undefined
    place = records.at(-1)?.position ?? place
    if (applied === history.applied && firstBusiness === history.firstBusiness) return
    history = { applied, firstBusiness }
    versions = versionsOf(base, history)
  }

  /** One at a time: what is being read may be older than what the caller knows of. */
  const refresh = (): Promise<void> => {
    if (!reading) return (reading = read().finally(() => (reading = undefined)))
    return (next ??= reading
      .catch(() => undefined)
      .then(() => {
        next = undefined
        return refresh()
      }))
  }
  return { at: (instant) => versions.at(instant), refresh }
}
