import type { Versions } from '@funnel/definitions'
import type { Instant } from '@funnel/events'
import { knownAfter } from '../dims.js'
import type { LeadState } from '../state.js'
import { conversions } from './lines.js'
import { leadStory } from './story.js'

/**
 * What stands out about a lead: `recycled`, it was sent back or went to an earlier stage; `unknown-stage`, it entered one that
 * the funnel of then did not have; `negative-cycle`, a booked conversion ended before it began; `never-captured`, it has
 * stages and no capture, so no rate from capture counts it; `future-time`, something told of it lay in the future and
 * counts as of when it was recorded.
 */
export type LeadFlag = 'recycled' | 'unknown-stage' | 'negative-cycle' | 'never-captured' | 'future-time'

/** A row of the lead list. */
export interface LeadRow {
  readonly lead: string
  readonly person?: string
  readonly stage?: string
  readonly owner?: string
  /** Channel of the first touch. */
  readonly channel?: string
  readonly capturedAt?: Instant
  readonly stageAt?: Instant
  readonly properties: Readonly<Record<string, unknown>>
  readonly flags: readonly LeadFlag[]
}

/** The lead as it is known now. A lead that is only named by deals has no facts of its own and no row to speak of. */
export function leadRow(id: string, state: LeadState, versions: Versions): LeadRow {
  const { facts, person, touch } = state
  const { owner, properties = {} } = knownAfter(facts).at(-1) ?? {}
  const story = leadStory(facts, versions)
  const { captured, entries } = story
  const stage = entries.at(-1)
  const flags: readonly (readonly [LeadFlag, boolean])[] = [
    ['recycled', entries.some(({ backward }) => backward)],
    ['unknown-stage', entries.some(({ unknown }) => unknown)],
    ['negative-cycle', conversions(state, story, versions).some(({ index, end }) => end < facts[index]!.at)],
    ['never-captured', captured === undefined],
    ['future-time', facts.some(({ future }) => future)],
  ]
  return {
    lead: id,
    ...(person === undefined ? {} : { person }),
    ...(stage ? { stage: stage.stage, stageAt: facts[stage.index]!.at } : {}),
    ...(owner === undefined ? {} : { owner }),
    ...(touch?.channel === undefined ? {} : { channel: touch.channel }),
    ...(captured === undefined ? {} : { capturedAt: facts[captured]!.at }),
    properties,
    flags: flags.flatMap(([flag, holds]) => (holds ? [flag] : [])),
  }
}
