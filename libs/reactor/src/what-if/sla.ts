import { isPeriodic, type SlaPolicy } from '@funnel/definitions'
import type { Said } from '@funnel/domain'
import { unapplied, type Replay } from './drafts.js'
import { compared, monitorOf, toldIn, type WhatIf } from './missed.js'

/**
 * Replays a log through the SLA monitor twice, by what was agreed and with drafts, and compares what is missed: of the
 * policies among the drafts, and where a calendar or team is among them of all promises about leads. The log stays as it
 * is: what followed from escalations and what people did meanwhile is not replayed. Pure but for the pages; keeps the
 * states of all leads in memory.
 */
export async function whatIf({ pages, w, definitions, drafts, drafted, from, to }: Replay): Promise<WhatIf> {
  const policies = drafts.flatMap(({ kind, value }) => (kind === 'sla' ? [value] : []))
  const ids = new Set(policies.map(({ id }) => id))
  const isOfAll = drafts.length > policies.length
  // the other policies have no part in what is compared, but for those that these are a part of
  const concerned = (all: readonly SlaPolicy[]): SlaPolicy[] => {
    const lines = linesOf(ids, all)
    return all.filter((policy) => lines.has(policy.id) || (isOfAll && !isPeriodic(policy)))
  }
  const others = definitions.policies.filter(({ id }) => !ids.has(id))
  const agreed = monitorOf({ ...definitions, policies: concerned(definitions.policies) })
  const draft = monitorOf({
    ...definitions,
    policies: concerned([...others, ...policies].toSorted(byId)),
    calendars: drafted.calendars,
    teams: drafted.teams,
  })
  const heard = unapplied(drafts)
  const told: Said[] = []
  for await (const page of pages) {
    await agreed.take(page, page)
    await draft.take(page, heard(page))
    told.push(...toldIn(page))
  }
  await agreed.end(w)
  await draft.end(w)
  const asked = (said: readonly Said[]) =>
    said.filter(({ data }) => ids.has(data.policy) || (isOfAll && data.lead !== undefined))
  return compared({ told: asked(told), agreed: asked(agreed.said), draft: asked(draft.said) }, { from, to })
}

/** Policies, and those that they are a part of. */
function linesOf(ids: Iterable<string>, policies: readonly SlaPolicy[]): ReadonlySet<string> {
  const lines = new Set(ids)
  // a set that grows while it is gone through
  for (const id of lines) {
    const policy = policies.find((one) => one.id === id)
    if (policy && !isPeriodic(policy) && policy.parent !== undefined) lines.add(policy.parent)
  }
  return lines
}

const byId = (a: SlaPolicy, b: SlaPolicy): number => (a.id < b.id ? -1 : 1)
