/**
 * Who claims something about a lead or deal. `agreed`: what both teams agreed on, applied to the facts, or what the
 * platform decided by it. `reported`: another system, of which nothing tells whose side it is on.
 */
export type Party = 'agreed' | 'marketing' | 'sales' | 'reported'

/** Something that is claimed, and what it rests on. */
export interface Claim {
  readonly party: Party
  /** What claims of one question are compared by; absent where it can be compared to none. */
  readonly value?: string
  /** The claim in words. */
  readonly says: string
  /** The definition that it is made by. */
  readonly rule?: { readonly id: string; readonly version: number }
  /** What would have to be, in words, for the rule to be met. */
  readonly missing?: readonly string[]
  /** Ids of the events that decide it. */
  readonly events: readonly string[]
}

/** What can be claimed of a lead or a deal. */
export type Matter =
  'qualified' | 'stage' | 'handover' | 'owner' | 'origin' | 'deal' | 'won' | 'deal-outcome' | 'deal-amount'

/** The claims on one question about one subject, side by side. */
export interface Comparison {
  readonly matter: Matter
  readonly subject: { readonly kind: 'lead' | 'deal'; readonly id: string }
  /** In a word, where the matter has several questions: the stage of `qualified`. */
  readonly about?: string
  /** `single`: fewer than two claims can be compared, so nobody contradicts. */
  readonly verdict: 'agree' | 'disagree' | 'single'
  readonly claims: readonly Claim[]
}

/** The claims with their verdict; none where nothing is claimed. */
export function compared(
  matter: Matter,
  subject: Comparison['subject'],
  claims: readonly Claim[],
  about?: string,
): Comparison[] {
  if (!claims.length) return []
  const values = claims.flatMap(({ value }) => value ?? [])
  const verdict = values.length < 2 ? 'single' : new Set(values).size === 1 ? 'agree' : 'disagree'
  return [{ matter, subject, ...(about === undefined ? {} : { about }), verdict, claims }]
}
