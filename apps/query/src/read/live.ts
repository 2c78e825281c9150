import { FunnelError } from '@funnel/events'
import type { BasisRow } from '@funnel/ledger'
import type { Patience } from '@funnel/platform/grpc'
import { GenerationDropped } from './database.js'
import type { Generations, LiveGeneration } from './generations.js'

const ATTEMPTS = 3

/**
 * Asks the live generation; when the snapshot shows that it was switched, dropped or given other definitions meanwhile,
 * asks the one that is live then.
 */
export async function ofLive<T extends { readonly basis: BasisRow | undefined }>(
  generations: Generations,
  patience: Patience,
  ask: (generation: LiveGeneration) => Promise<T>,
): Promise<T & { readonly basis: BasisRow }> {
  for (let attempt = 1; ; attempt++) {
    const generation = await generations.current()
    try {
      const result = await ask(generation)
      if (isOf(generation, result)) return result
    } catch (error) {
      if (!(error instanceof GenerationDropped)) throw error
    }
    generations.forget()
    if (attempt === ATTEMPTS || Date.now() >= patience.deadline)
      throw new FunnelError('UNAVAILABLE', 'The read models are being switched; ask again', { retryAfter: 1 })
  }
}

const isOf = <T extends { readonly basis: BasisRow | undefined }>(
  { definitionsHash }: LiveGeneration,
  result: T,
): result is T & { readonly basis: BasisRow } =>
  result.basis?.state === 'live' && result.basis.definitionsHash === definitionsHash
