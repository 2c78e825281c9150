import { compared, type Claim, type Comparison } from './claim.js'
import type { KnownLead, Told } from './known.js'

/** Who works on it? Whom the platform decided on last, and whom each other source names since. */
export function owner({ id, facts }: KnownLead): Comparison[] {
  const index = facts.findLastIndex(({ type, data }) => decides.has(type) && data['owner'] !== undefined)
  const reports = new Map<string, Told>()
  for (const fact of facts.slice(index + 1)) if (fact.data['owner'] !== undefined) reports.set(fact.source, fact)
  const decided = index < 0 ? [] : [facts[index]!]
  const toClaim = ({ id, type, data, source }: Told): Claim => {
    const owner = data['owner'] as string
    const party = type === 'handoff.accepted' ? 'sales' : decides.has(type) ? 'agreed' : 'reported'
    return { party, value: owner, says: `${owner} (${type} of ${source})`, events: [id] }
  }
  return compared('owner', { kind: 'lead', id }, [...decided, ...reports.values()].map(toClaim))
}

const decides: ReadonlySet<Told['type']> = new Set<Told['type']>(['handoff.accepted', 'lead.assigned'])
