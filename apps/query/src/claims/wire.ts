import type { Claim, Comparison, Party } from '@funnel/ledger'
import * as api from '@funnel/query-api'
import { toEvent, type EventRow } from '../kpi/wire.js'

/** Claims as messages of funnel.v1. */
export const toComparison = (
  { matter, subject, about = '', verdict, claims }: Comparison,
  events: ReadonlyMap<string, EventRow>,
): api.Comparison => ({
  subjectKind: subject.kind,
  subject: subject.id,
  matter: matters[matter],
  about,
  verdict: verdicts[verdict],
  claims: claims.map((claim) => toClaim(claim, events)),
})

const toClaim = ({ party, value, says, rule, missing = [], events }: Claim, known: ReadonlyMap<string, EventRow>) => ({
  party: parties[party],
  value,
  says,
  rule: rule?.id ?? '',
  ruleVersion: rule?.version ?? 0,
  missing: [...missing],
  events: events
    .flatMap((id) => known.get(id) ?? [])
    .toSorted((a, b) => a.occurredAt - b.occurredAt || a.recordedAt - b.recordedAt)
    .map(toEvent),
})

const matters: Readonly<Record<Comparison['matter'], api.Matter>> = {
  qualified: api.Matter.MATTER_QUALIFIED,
  handover: api.Matter.MATTER_HANDOVER,
  stage: api.Matter.MATTER_STAGE,
  owner: api.Matter.MATTER_OWNER,
  origin: api.Matter.MATTER_ORIGIN,
  deal: api.Matter.MATTER_DEAL,
  won: api.Matter.MATTER_WON,
  'deal-outcome': api.Matter.MATTER_DEAL_OUTCOME,
  'deal-amount': api.Matter.MATTER_DEAL_AMOUNT,
}

const verdicts: Readonly<Record<Comparison['verdict'], api.Verdict>> = {
  agree: api.Verdict.VERDICT_AGREE,
  disagree: api.Verdict.VERDICT_DISAGREE,
  single: api.Verdict.VERDICT_SINGLE,
}

const parties: Readonly<Record<Party, api.Party>> = {
  agreed: api.Party.PARTY_AGREED,
  marketing: api.Party.PARTY_MARKETING,
  sales: api.Party.PARTY_SALES,
  reported: api.Party.PARTY_REPORTED,
}
