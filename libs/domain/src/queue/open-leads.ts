import { partitionOf } from '@funnel/events'

/** With whom each open lead of a queue is. In parts, so that one more copies one part: a long log is folded in little time. */
export type OpenLeads = readonly ReadonlyMap<string, string>[]

const PARTS = 256

export const noOpenLeads: OpenLeads = Array.from({ length: PARTS }, () => new Map())

/** The member that has the lead; undefined where it is not open. */
export const memberWith = (open: OpenLeads, lead: string): string | undefined => open[partOf(lead)]!.get(lead)

export const withLead = (open: OpenLeads, lead: string, member: string): OpenLeads =>
  open.with(partOf(lead), new Map(open[partOf(lead)]).set(lead, member))

export function withoutLead(open: OpenLeads, lead: string): OpenLeads {
  const part = new Map(open[partOf(lead)])
  part.delete(lead)
  return open.with(partOf(lead), part)
}

const partOf = (lead: string): number => partitionOf(lead, PARTS)
