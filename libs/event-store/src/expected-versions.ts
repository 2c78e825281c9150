import { FunnelError } from '@funnel/events'
import type { Append } from './event-store.js'

/** What a whole call expects of each stream it names. Throws INVALID where its parts contradict each other. */
export function expectedVersions(appends: readonly Append[]): Readonly<Record<string, number>> {
  const versions = new Map<string, number>()
  for (const { expected = {} } of appends)
    for (const [stream, version] of Object.entries(expected)) {
      const other = versions.get(stream)
      if (other !== undefined && other !== version)
        throw new FunnelError(
          'INVALID',
          `one append expects ${stream} at version ${other} and at version ${version}: expect one version of a stream`,
          { stream, expected: [other, version] },
        )
      versions.set(stream, version)
    }
  return Object.fromEntries(versions)
}
