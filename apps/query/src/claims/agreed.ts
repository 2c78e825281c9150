import { inForce, type AllDefinitions, type Applied, type AppliedHistory } from '@funnel/definitions'
import { topics, type Instant } from '@funnel/events'
import type { ReadDatabase } from '../read/database.js'
import { planApplied } from './plan.js'

const kinds = ['qualification', 'channels'] as const

interface AppliedRow {
  readonly data: Omit<Applied, 'recorded' | 'effective'> & { readonly effective: string }
  readonly recorded: Instant
  readonly began: Instant | null
}

/**
 * Which qualification rules and channels were in force when, as known at an instant. Until one was applied it is as this
 * process was started with: automation acts by the same.
 */
export async function agreedHistory(
  database: ReadDatabase,
  generation: number,
  files: Pick<AllDefinitions, 'qualifications' | 'channels'>,
  { knownAt = Number.POSITIVE_INFINITY, deadline }: { knownAt: Instant | undefined; deadline: Instant },
): Promise<AppliedHistory> {
  const rows = await database.rows<AppliedRow>(planApplied(generation, kinds, places), deadline)
  const applied = rows
    .filter(({ recorded }) => recorded <= knownAt)
    .map(({ data, recorded }) => ({ ...data, effective: Date.parse(data.effective), recorded }))
  const began = rows[0]?.began ?? undefined
  const log = { applied, ...(began === undefined ? {} : { firstBusiness: began }) }
  const before = fromFiles(files).filter(({ definition }) => !inForce(log, definition, Number.NEGATIVE_INFINITY))
  return { ...log, applied: [...before, ...applied] }
}

const places = {
  definitions: topics.definitions.id,
  business: [topics.touchpoints, topics.leads, topics.deals],
}

function fromFiles({ qualifications, channels }: Pick<AllDefinitions, 'qualifications' | 'channels'>): Applied[] {
  const ever = Number.NEGATIVE_INFINITY
  return [
    ...qualifications.map((content) => ({ definition: `qualification/${content.id}`, content })),
    ...(channels ? [{ definition: `channels/${channels.id}`, content: channels }] : []),
  ].map((one) => ({ ...one, version: one.content.version, effective: ever, recorded: ever, hash: '' }))
}
