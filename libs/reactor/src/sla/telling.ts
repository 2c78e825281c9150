import { decisionId } from '@funnel/event-store'
import type { Said } from '@funnel/domain'
import type { Instant } from '@funnel/events'
import type { Step } from './intents.js'

/** Who says what is said of clocks. */
export const SOURCE = '/funnel/sla-monitor'

/** Asks to say something of a clock; gives the id of the event that will say it (`decisionId`). */
export const say = (turn: Pick<Step, 'command'>, said: Said, level?: number): string => {
  const rule = [said.type, said.data.clock, ...(level === undefined ? [] : [level])].join('/')
  return decisionId(SOURCE, turn.command(rule, { type: 'sla.say', said }))
}

export const iso = (instant: Instant): string => new Date(instant).toISOString()
export const seconds = (ms: number): number => ms / 1000
