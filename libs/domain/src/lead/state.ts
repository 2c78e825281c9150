import { typeOf, type Instant } from '@funnel/events'
import type { Happened } from '../decider.js'
import { latest, type Latest } from '../latest.js'
import { handoffsAfter, type Handoffs } from './handoff-state.js'

/** What is known of a lead, as far as its decisions rest on it. */
export interface LeadState {
  /** Anything was reported of it. */
  readonly known: boolean
  /** The stage it entered last, that of the conversion apart. */
  readonly entered: Latest<string> | undefined
  readonly owner: Latest<string> | undefined
  /** The conversion that stands. */
  readonly conversion: Conversion | undefined
  readonly handoffs: Handoffs
}

interface Conversion {
  readonly at: Instant
  readonly stage: string | undefined
}

export const unknownLead: LeadState = {
  known: false,
  entered: undefined,
  owner: undefined,
  conversion: undefined,
  handoffs: new Map(),
}

/** The stage the lead is in. */
export const stageOf = ({ entered, conversion }: LeadState): string | undefined =>
  conversion?.stage !== undefined && !(entered && entered.at > conversion.at) ? conversion.stage : entered?.value

/** Takes in what was reported or decided about a lead; any fact may name its owner. */
export function evolveLead(state: LeadState, event: Happened): LeadState {
  if (typeOf(event.type)?.category !== 'lead') return state
  const { stage, owner } = event.data as { readonly stage?: string; readonly owner?: string }
  return {
    known: true,
    entered: event.type === 'lead.converted' ? state.entered : latest(state.entered, stage, event),
    owner: latest(state.owner, owner, event),
    conversion: conversionAfter(state.conversion, event),
    handoffs: handoffsAfter(state.handoffs, event),
  }
}

function conversionAfter(conversion: Conversion | undefined, event: Happened): Conversion | undefined {
  if (event.type === 'lead.converted') return { at: event.at, stage: event.data.stage }
  return event.type === 'lead.conversion-reversed' ? undefined : conversion
}
