import { Id, Name } from './fields.js'

/** What decisions about a lead say, those about its handoffs among them: a handoff is a part of its lead's stream. */
export const lead = Id('The lead')
export const handoff = Id('The handoff, unique within its lead')
export const reason = Name('Why, from the shared taxonomy')

/** Decisions of one lead come in the order of their versions, which their `sequence` tells; so all have one rank. */
export const decision = { kind: 'decision', category: 'lead', key: 'lead', rank: 40 } as const
