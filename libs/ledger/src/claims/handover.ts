import type { Funnel } from '@funnel/definitions'
import { compared, type Claim, type Comparison } from './claim.js'
import type { Agreed, KnownLead, Told } from './known.js'
import { stageMoves, stageOf } from './stage.js'

/**
 * Is it with sales? What became of the last handoff, and whose stage the lead is said to be in since. An offer that is
 * open, or that nobody answered in time, says neither; nor does a stage in which the lead is lost.
 */
export function handover({ id, facts }: KnownLead, { definitions: { funnel }, versions }: Agreed): Comparison[] {
  const index = facts.findLastIndex((fact) => handoffClaim(fact, funnel))
  if (index < 0) return []
  const handoff = handoffClaim(facts[index]!, funnel)!
  const last = stageMoves(facts.slice(index + 1), versions).at(-1)
  const stage = stageOf(funnel, last?.stage)
  const owner = stage?.type === 'lost' ? undefined : stage?.owner
  const since: Claim[] =
    last && owner
      ? [
          {
            party: owner,
            value: owner === 'sales' ? 'yes' : 'no',
            says: `in ${last.stage}, a stage of ${owner} (${last.fact.type} of ${last.fact.source})`,
            events: [last.fact.id],
          },
        ]
      : []
  return compared('handover', { kind: 'lead', id }, [handoff, ...since])
}

/** What a fact says of the handoff; undefined where it is none. */
function handoffClaim({ id, type, data }: Told, funnel: Funnel): Claim | undefined {
  const claim = says[type]?.(data as Said)
  const ended = type !== 'lead.recycled' || stageOf(funnel, data['stage'] as string)?.owner === 'marketing'
  return claim && ended ? { ...claim, events: [id] } : undefined
}

type Said = Readonly<
  Record<'owner' | 'reason' | 'assignee' | 'queue' | 'deadline' | 'stage', string> & Record<string, unknown>
>

const says: { readonly [type in Told['type']]?: (data: Said) => Omit<Claim, 'events'> } = {
  'handoff.offered': ({ assignee, queue, deadline }) => ({
    party: 'marketing',
    says: `offered to ${assignee ?? queue}, to be answered by ${deadline}`,
  }),
  'handoff.accepted': ({ owner }) => ({ party: 'sales', value: 'yes', says: `accepted by ${owner}` }),
  'handoff.rejected': ({ reason }) => ({ party: 'sales', value: 'no', says: `rejected: ${reason}` }),
  'handoff.expired': () => ({ party: 'agreed', says: 'nobody answered in time' }),
  'handoff.withdrawn': () => ({ party: 'marketing', value: 'no', says: 'the offer was withdrawn' }),
  'lead.recycled': ({ stage, reason }) => ({ party: 'sales', value: 'no', says: `sent back to ${stage}: ${reason}` }),
}
