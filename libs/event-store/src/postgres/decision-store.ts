import type { EventStore } from '../event-store.js'
import { groupDecisions } from '../group-decisions.js'
import { openEventStore } from './postgres-event-store.js'

/** Few will do: what is decided at once shares a transaction. */
export const DECISION_CONNECTIONS = 4

/**
 * The store on PostgreSQL for those who decide, on connections of its own, so that decisions and observations do not wait
 * for each other. Throws as `openEventStore` does.
 */
export const openDecisionStore = async (url: string): Promise<EventStore> =>
  groupDecisions(await openEventStore({ url, connections: DECISION_CONNECTIONS }))
