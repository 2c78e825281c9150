import type { Instant } from '@funnel/events'
import { invalid, noteOf, type Listing, type Place, type Quantity, type SideName } from '@funnel/ledger'
import { Side, type ExplainKpiRequest, type ExplainKpiResponse } from '@funnel/query-api'
import type { ReadModels } from '../read/read-models.js'
import type { Fixed } from './listings.js'
import { fingerprintOf, sizeOf, stateOf, tokenOf } from './page.js'
import { isFixed, isPlace, isQuantity } from './page-state.js'
import { cellKeyOf, questionOf } from './question.js'
import { toBasis, toDefinition, toEntry, toQuantity } from './wire.js'

type State = readonly [fixed: Fixed, place: Place, total: Quantity | null]
const isState = (state: unknown): state is State =>
  Array.isArray(state) && isFixed(state[0]) && isPlace(state[1]) && (state[2] === null || isQuantity(state[2]))

/** A page of the entries behind one side of a cell. */
export async function explain(
  { listings }: ReadModels,
  request: ExplainKpiRequest,
  deadline: Instant,
): Promise<ExplainKpiResponse> {
  const question = questionOf(request.question)
  const cell = cellKeyOf(question, request.bucketStart, request.dimensions)
  const side = sideOf(request.side)
  const listing = { kind: 'cell', side, cell } as const satisfies Listing
  const fingerprint = fingerprintOf([question, listing])
  const state = stateOf(request.pageToken, fingerprint, isState)
  const fixed = state?.[0] ?? (await listings.fix(question.knownAt, deadline))
  const size = sizeOf(request.pageSize)
  const page = await listings.page(question, fixed, listing, state?.[1], size, deadline)
  const total = state ? state[2] : ((await listings.total(question, fixed, listing, deadline)) ?? null)
  const { generation, knownAt } = fixed
  return {
    definition: toDefinition(page.kpi),
    basis: toBasis(question.knownAt, generation, page.basis),
    note: noteOf(question, page.kpi, page.basis),
    total: total ? toQuantity(total) : undefined,
    entries: page.entries.map(toEntry),
    nextPageToken: page.next ? tokenOf(fingerprint, [{ generation, knownAt }, page.next, total] satisfies State) : '',
  }
}

function sideOf(side: Side): SideName {
  if (side === Side.SIDE_UNSPECIFIED || side === Side.SIDE_NUMERATOR) return 'numerator'
  if (side === Side.SIDE_DENOMINATOR) return 'denominator'
  return invalid('side', 'There is no such side; there are numerator and denominator')
}
