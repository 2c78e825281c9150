import { invalid, noteOf, placeOf, type Listing, type Place, type Quantity, type SideName } from '@funnel/ledger'
import type { Patience } from '@funnel/platform/grpc'
import { Entry, Side, type ExplainKpiRequest, type ExplainKpiResponse } from '@funnel/query-api'
import type { ReadModels } from '../read/read-models.js'
import type { Fixed } from './listings.js'
import { fingerprintOf, paged, sizeOf, stateOf, tokenOf } from './page.js'
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
  patience: Patience,
): Promise<ExplainKpiResponse> {
  const question = questionOf(request.question)
  const cell = cellKeyOf(question, request.bucketStart, request.dimensions)
  const side = sideOf(request.side)
  const listing = { kind: 'cell', side, cell } as const satisfies Listing
  const fingerprint = fingerprintOf([question, listing])
  const state = stateOf(request.pageToken, fingerprint, isState)
  const fixed = state?.[0] ?? (await listings.fix(question, patience))
  const size = sizeOf(request.pageSize)
  const { kpi, basis, entries } = await listings.entries(question, fixed, listing, state?.[1], size + 1, patience)
  const total = state ? state[2] : ((await listings.total(question, fixed, listing, patience)) ?? null)
  const { messages, last } = paged(entries, size, { toMessage: toEntry, codec: Entry })
  return {
    definition: toDefinition(kpi),
    basis: toBasis(question.knownAt, fixed.generation, basis),
    note: noteOf(question, kpi, basis),
    total: total ? toQuantity(total) : undefined,
    entries: messages,
    nextPageToken: last ? tokenOf(fingerprint, [fixed, placeOf(last, listing), total] satisfies State) : '',
  }
}

function sideOf(side: Side): SideName {
  if (side === Side.SIDE_UNSPECIFIED || side === Side.SIDE_NUMERATOR) return 'numerator'
  if (side === Side.SIDE_DENOMINATOR) return 'denominator'
  return invalid('side', 'There is no such side; there are numerator and denominator')
}
