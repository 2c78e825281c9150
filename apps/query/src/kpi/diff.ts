import { FunnelError, type Instant } from '@funnel/events'
import { changes, invalid, noteOf, placeOf, type Listing, type Place, type Question } from '@funnel/ledger'
import type { Patience } from '@funnel/platform/grpc'
import { Entry, KpiChange, type DiffKpiRequest, type DiffKpiResponse } from '@funnel/query-api'
import type { ReadModels } from '../read/read-models.js'
import { GenerationDropped } from '../read/database.js'
import type { Fixed } from './listings.js'
import { bytesOf, fingerprintOf, paged, sizeOf, stateOf, tokenOf } from './page.js'
import { isFixed, isPlace } from './page-state.js'
import { instantOf, questionOf } from './question.js'
import { toBasis, toCell, toDefinition, toEntry, toPlace } from './wire.js'

type State = readonly [fixed: Fixed, place: Place]
const isState = (state: unknown): state is State => Array.isArray(state) && isFixed(state[0]) && isPlace(state[1])

/**
 * What changed between two instants of knowing: the cells that differ (on the first page), and page by page the entries
 * that became known in between. Both answers and all pages are of one generation.
 */
export async function diff(models: ReadModels, request: DiffKpiRequest, patience: Patience): Promise<DiffKpiResponse> {
  const question = questionOf(request.question)
  if (question.knownAt !== undefined)
    invalid('question.known_at', 'A difference is asked by known_from and known_to; leave known_at out')
  const from = instantOf(request.knownFrom, 'known_from') ?? invalid('known_from', 'Say since when: known_from')
  const to = instantOf(request.knownTo, 'known_to')
  if (to !== undefined && to < from) invalid('known_to', 'known_to lies before known_from')
  const fingerprint = fingerprintOf([question, from, to])
  const state = stateOf(request.pageToken, fingerprint, isState)
  const size = sizeOf(request.pageSize)
  const listing = { kind: 'known', after: from } as const satisfies Listing

  const first = state ? undefined : await models.listings.fix({ ...question, knownAt: to }, patience)
  const fixed = state?.[0] ?? first
  if (!fixed) throw new FunnelError('INTERNAL', 'a diff without a cut')
  const listed = await models.listings.entries(question, fixed, listing, state?.[1], size + 1, patience)
  const { generation, knownAt, version } = fixed
  const ofVersion = { ...question, definitionVersion: version }
  const cells = first ? await changed(models, ofVersion, generation, Math.min(from, knownAt), knownAt, patience) : []
  const taken = bytesOf(cells, KpiChange)
  const { messages, last } = paged(listed.entries, size, { toMessage: toEntry, codec: Entry, taken })
  return {
    definition: toDefinition(listed.kpi),
    basis: toBasis(to, generation, listed.basis),
    note: noteOf({ ...question, knownAt }, listed.kpi, listed.basis),
    changes: cells,
    entries: messages,
    nextPageToken: last ? tokenOf(fingerprint, [fixed, placeOf(last, listing)] satisfies State) : '',
  }
}

async function changed(
  { answers }: ReadModels,
  question: Question,
  generation: number,
  from: Instant,
  to: Instant,
  patience: Patience,
): Promise<KpiChange[]> {
  try {
    // what was recorded at or before a cut below the watermark never changes, so the two need no common snapshot
    const before = await answers.of(generation, { ...question, knownAt: from }, patience)
    const after = await answers.of(generation, { ...question, knownAt: to }, patience)
    return changes(after.kpi, before.rows, after.rows).map((change) => ({
      ...toPlace(question, change),
      before: toCell(change.before),
      after: toCell(change.after),
    }))
  } catch (error) {
    if (error instanceof GenerationDropped)
      throw new FunnelError('UNAVAILABLE', 'The read models are being switched; ask again', { retryAfter: 1 })
    throw error
  }
}
