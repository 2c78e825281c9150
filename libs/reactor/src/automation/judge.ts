import { qualifies, type LeadFacts, type Scalar } from '@funnel/definitions'
import type { FunnelEvent, Recorded } from '@funnel/events'
import type { FirstTouch, LeadKept, Told } from './kept.js'
import { connected, leadKey } from './links.js'
import { leadOf, visitorOf, type Step } from './people.js'
import type { Rules } from './rules.js'

/** Asks to qualify every lead that hangs together with what changed. */
export function judgeAll(key: string, record: Recorded<FunnelEvent>, turn: Step, rules: Rules): void {
  for (const one of connected(key, turn.get))
    if (one.startsWith('lead:')) judge(one.slice('lead:'.length), record, turn, rules)
}

/** Asks to qualify a lead for the first stage ahead of it whose rule it meets, as known by the event at hand. */
export function judge(lead: string, { recorded }: Recorded<FunnelEvent>, turn: Step, rules: Rules): void {
  const kept = leadOf(turn, lead)
  if (kept.closed) return
  const { stages } = rules.funnel
  const place = (stage: string | undefined) => stages.findIndex(({ id }) => id === stage)
  const facts = factsOf(lead, kept, turn)
  for (const { id } of stages.slice(place(kept.stage) + 1))
    for (const rule of rules.qualifications.filter(({ stage }) => stage === id)) {
      const because = qualifies(rule, facts, recorded)
      if (!because) continue
      const { id: name, version: ruleVersion, stage } = rule
      return turn.command(`qualify/${name}`, { type: 'lead.qualify', lead, stage, rule: name, ruleVersion, because })
    }
}

/** What rules ask of a lead: its own fields and deeds, and those of all the visitors that its person was. */
export function factsOf(lead: string, { fields, deeds }: LeadKept, turn: Step): LeadFacts {
  const visitors = [...connected(leadKey(lead), turn.get)]
    .filter((key) => key.startsWith('visitor:'))
    .map((key) => visitorOf(turn, key.slice('visitor:'.length)))
  return {
    fields: new Map([...Object.entries(fields), ...firstTouchFields(visitors.flatMap(({ first }) => first ?? []))]),
    events: [...deeds, ...visitors.flatMap((visitor) => visitor.deeds)],
  }
}

/** The value of a field of a lead. */
export const valueIn =
  ({ fields }: LeadFacts) =>
  (field: string): Scalar | null | undefined =>
    fields.get(field)?.value

function firstTouchFields(touches: readonly FirstTouch[]): [string, Told][] {
  const first = touches.toSorted((a, b) => a.at - b.at || (a.id < b.id ? -1 : 1))[0]
  return (['channel', 'campaign'] as const).flatMap((name) => {
    const value = first?.[name]
    return value === undefined ? [] : [[`first-touch.${name}`, { value, event: first!.id }] satisfies [string, Told]]
  })
}
