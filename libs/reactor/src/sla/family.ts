import { isPeriodic, type LeadPolicy, type SlaPolicy } from '@funnel/definitions'
import type { Instant } from '@funnel/events'
import { endNow, type Fact } from '@funnel/sla'
import { endedAt, policyOf, revised, startOf, timeOf, type AtLead } from './clocks.js'
import type { Act, ClockKept } from './kept.js'

const sorted = new WeakMap<readonly SlaPolicy[], readonly LeadPolicy[]>()

/** The policies about leads, each after the one that it is a part of. */
export function leadPolicies(policies: readonly SlaPolicy[]): readonly LeadPolicy[] {
  let leads = sorted.get(policies)
  if (!leads) {
    const all = policies.filter((one): one is LeadPolicy => !isPeriodic(one))
    const depth = (policy: LeadPolicy, below = 0): number => {
      const parent = all.find(({ id }) => id === policy.parent)
      return parent && below < all.length ? depth(parent, below + 1) : below
    }
    sorted.set(policies, (leads = all.toSorted((a, b) => depth(a) - depth(b))))
  }
  return leads
}

/** The clock that one which starts at an instant belongs to: of those of the parent that run then, the one that started last. */
export function parentOf(
  { parent }: LeadPolicy,
  start: Instant,
  clocks: readonly ClockKept[],
  here: AtLead,
): ClockKept | undefined {
  if (parent === undefined) return undefined
  return clocks
    .filter((clock) => clock.policy === parent && startOf(clock) <= start)
    .filter((clock) => start < endedAt(clock, here))
    .toSorted((a, b) => startOf(b) - startOf(a) || (a.id < b.id ? -1 : 1))[0]
}

/** The fact that a clock has of its parent. */
const isInherited = ({ id }: Fact): boolean => id.endsWith('/parent')

/**
 * The clocks of a lead with what follows from their parents, by all that is known: each belongs to the clock that ran when
 * it started, and is void when and because that is. Where that turns out otherwise, so does this. What a clock has of a
 * parent that is kept no more stays.
 */
export function inFamilies(clocks: readonly ClockKept[], acts: readonly Act[], here: AtLead): readonly ClockKept[] {
  if (!clocks.some((clock) => policyOf(clock, here)?.parent !== undefined)) return clocks
  const after = new Map(clocks.map((clock) => [clock.id, clock]))
  // parents first, as what they pass on is passed on
  for (const { id } of leadPolicies(here.agreedAt(here.at).policies))
    for (const clock of clocks.filter(({ policy }) => policy === id))
      after.set(clock.id, inFamily(after.get(clock.id)!, [...after.values()], acts, here))
  return clocks.map(({ id }) => after.get(id)!)
}

function inFamily(kept: ClockKept, clocks: readonly ClockKept[], acts: readonly Act[], here: AtLead): ClockKept {
  const policy = policyOf(kept, here)
  if (policy?.parent === undefined) return kept
  const { parent: known, ...alone } = kept
  const parent = parentOf(policy, startOf(kept), clocks, here)
  // it was forgotten
  if (!parent && known !== undefined && !clocks.some(({ id }) => id === known)) return kept
  const child = parent?.id === known ? kept : { ...alone, ...(parent && { parent: parent.id }) }
  const end = parent && endNow(parent.clock, timeOf(parent, here))
  const had = kept.clock.facts.find(isInherited)
  const fact: Fact | undefined =
    end?.type === 'cancel'
      ? { id: `${end.id.split('/')[0]}/parent`, type: 'cancel', occurred: end.occurred, recorded: here.at }
      : undefined
  if (had?.id === fact?.id && had?.occurred === fact?.occurred) return child
  return revised(child, { without: isInherited, ...(fact && { instead: fact }) }, acts, here)
}
