import { qualifies, type LeadFacts, type Scalar } from '@funnel/definitions'
import type { FunnelEvent, Recorded } from '@funnel/events'
import { mayBeAttributed } from '../ties/attribution.js'
import { behind, leadsOfAny } from '../ties/ties.js'
import type { FirstTouch, LeadKept, Told } from './kept.js'
import { leadOf, personOf, visitorOf, type Step } from './people.js'
import type { Rules } from './rules.js'

/** Asks to qualify every lead of the visitor or person that something is new of, by its key. */
export function judgeAll(key: string, record: Recorded<FunnelEvent>, turn: Step, rules: Rules): void {
  for (const lead of leadsOfAny([key], turn.get)) judge(lead, record, turn, rules)
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
      turn.command(`qualify/${name}`, { type: 'lead.qualify', lead, stage, rule: name, ruleVersion, because })
      return
    }
}

/**
 * What rules ask of a lead: its own fields and deeds, and those of all the visitors that its person was; of a lead that tells
 * no company that of its person.
 */
export function factsOf(lead: string, kept: LeadKept, turn: Step): LeadFacts {
  const { fields, deeds } = kept
  const all = [...behind(lead, turn.get)]
  const of = (kind: 'visitor' | 'person') =>
    all.flatMap((key) => (key.startsWith(`${kind}:`) ? [key.slice(kind.length + 1)] : []))
  const visitors = of('visitor').map((key) => visitorOf(turn, key))
  const consents = of('person').flatMap((key) => personOf(turn, key).consents ?? [])
  const touches = visitors.flatMap(({ first }) => (first && mayBeAttributed(first, consents) ? [first] : []))
  const account = of('person').flatMap((key) => personOf(turn, key).account ?? [])[0]
  return {
    fields: new Map([
      ...(account ? [['account', { value: account.id, event: account.event }] as const] : []),
      ...Object.entries(fields),
      ...firstTouchFields(touches),
    ]),
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
