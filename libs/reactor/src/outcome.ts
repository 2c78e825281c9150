import { FunnelError, type Recorded } from '@funnel/events'

/** What became of an intent: it was recorded, or it led to nothing, or its decider refused it. */
export type Outcome = 'done' | 'nothing' | 'refused'

/** The outcome of a command that is handled; a refusal is one, what else is thrown is not. */
export async function outcomeOf(handled: Promise<{ readonly events: readonly Recorded[] }>): Promise<Outcome> {
  try {
    return (await handled).events.length ? 'done' : 'nothing'
  } catch (error) {
    if (isRefusal(error)) return 'refused'
    throw error
  }
}

/** A decider said no, or this very intent was carried out before at another instant. */
export const isRefusal = (error: unknown): boolean =>
  error instanceof FunnelError && ['REJECTED', 'INVALID', 'NOT_FOUND', 'IDEMPOTENCY_CONFLICT'].includes(error.code)
