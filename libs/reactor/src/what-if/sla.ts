import { isPeriodic, type SlaPolicy } from '@funnel/definitions'
import type { Said } from '@funnel/domain'
import { unapplied, type Replay } from './drafts.js'
import { compared, monitorOf, toldIn, type WhatIf } from './missed.js'

/**
 * Replays a log through the SLA monitor twice, by what was agreed and with drafts, and compares what is missed: of the policies among the
 * drafts, and where a calendar or team is among them of all promises about leads. The log stays as it is: what followed from escalations
 * and what people did meanwhile is not replayed. Pure but for the pages; keeps the states of all leads in memory.
 */
export async function whatIf({ pages, w, definitions, drafts, drafted, from, to }: Replay): Promise<WhatIf> {
  const policies = drafts.flatMap(({ kind, value }) => (kind === 'sla' ? [value] : []))
  const ids = new Set(policies.map(({ id }) => id))
  const isOfAll = drafts.length > policies.length
  // the other policies have no part in what is compared
  const known = definitions.policies.filter((policy) => ids.has(policy.id) || (isOfAll && !isPeriodic(policy)))
  const others = known.filter(({ id }) => !ids.has(id))
  const agreed = monitorOf({ ...definitions, policies: known })
  const draft = monitorOf({
    ...definitions,
    policies: [...others, ...policies].toSorted(byId),
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

const byId = (a: SlaPolicy, b: SlaPolicy): number => (a.id < b.id ? -1 : 1)
