import { inForce, type AllDefinitions, type Applied, type AppliedHistory } from '@funnel/definitions'
import type { Instant } from '@funnel/events'
import { historyOf, planHistory, type HistoryRow } from '@funnel/ledger'
import type { Patience } from '@funnel/platform/grpc'
import type { ReadDatabase } from '../read/database.js'

/**
 * Which qualification rules and channels were in force when, as known at an instant. Until one was applied it is as this
 * process was started with: automation acts by the same.
 */
export async function agreedHistory(
  database: ReadDatabase,
  generation: number,
  files: Pick<AllDefinitions, 'qualifications' | 'channels'>,
  { knownAt = Number.POSITIVE_INFINITY, patience }: { knownAt: Instant | undefined; patience: Patience },
): Promise<AppliedHistory> {
  const all = historyOf(await database.rows<HistoryRow>(planHistory(generation), patience))
  const known = { ...all, applied: all.applied.filter(({ recorded }) => recorded <= knownAt) }
  const before = fromFiles(files).filter(({ definition }) => !inForce(known, definition, Number.NEGATIVE_INFINITY))
  return { ...known, applied: [...before, ...known.applied] }
}

function fromFiles({ qualifications, channels }: Pick<AllDefinitions, 'qualifications' | 'channels'>): Applied[] {
  const ever = Number.NEGATIVE_INFINITY
  return [
    ...qualifications.map((content) => ({ definition: `qualification/${content.id}`, content })),
    ...(channels ? [{ definition: `channels/${channels.id}`, content: channels }] : []),
  ].map((one) => ({ ...one, version: one.content.version, effective: ever, recorded: ever, hash: '' }))
}
