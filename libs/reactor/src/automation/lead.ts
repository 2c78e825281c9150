import type { Instant } from '@funnel/events'
import { leadKey } from '../ties/keys.js'
import { linked, type Of } from '../ties/ties.js'
import { release } from './handing.js'
import { withDeed, type LeadKept, type Told } from './kept.js'
import { leadOf, type Step } from './people.js'
import type { Rules } from './rules.js'

type Reported = Of<'lead.captured' | 'lead.enriched' | 'lead.engaged' | 'lead.stage-entered'>

export const keep = (lead: string, news: Partial<LeadKept>, turn: Step): void =>
  turn.set(leadKey(lead), { ...leadOf(turn, lead), ...news })

/** Takes in what was reported of a lead: the latest report of each field counts. */
export function reported(event: Reported, at: Instant, turn: Step, rules: Rules): void {
  const { id, data } = event
  const { lead, person, visitor, owner, account, properties = {} } = data as Reported['data'] & { account?: string }
  const told = (value: Told['value']): Told => ({ value, event: id })
  const kept = leadOf(turn, lead)
  keep(
    lead,
    {
      ...(person !== undefined && { person }),
      ...(visitor !== undefined && { visitor }),
      fields: {
        ...kept.fields,
        ...(owner !== undefined && { owner: told(owner) }),
        ...(account !== undefined && { account: told(account) }),
        ...Object.fromEntries(Object.entries(properties).map(([name, value]) => [`properties.${name}`, told(value)])),
      },
      ...(event.type === 'lead.engaged' && {
        deeds: withDeed(kept.deeds, { id, type: event.type, kind: event.data.kind, at }),
      }),
    },
    turn,
  )
  linked(lead, { ...(person !== undefined && { person }), ...(visitor !== undefined && { visitor }) }, turn)
  if (event.type === 'lead.stage-entered') moved(lead, event.data.stage, turn, rules)
}

/** The lead is in a stage now; in one of those that end the funnel it is open with nobody, and nothing more is done about it. */
export function moved(lead: string, stage: string, turn: Step, { funnel: { stages } }: Rules): void {
  const closed = stages.some(({ id, type }) => id === stage && (type === 'won' || type === 'lost'))
  if (closed) release(lead, turn)
  keep(lead, { stage, closed }, turn)
}

export function owned(lead: string, owner: string, event: string, turn: Step): void {
  keep(lead, { fields: { ...leadOf(turn, lead).fields, owner: { value: owner, event } } }, turn)
}
