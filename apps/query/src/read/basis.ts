import type { Definitions } from '@funnel/definitions'
import type { Instant } from '@funnel/events'
import { planBasis, type BasisRow } from '@funnel/ledger'
import type { ReadDatabase } from './database.js'
import type { Generations } from './generations.js'
import { ofLive } from './live.js'

/** The live generation with its own row, as of now. */
export const basisOf = (
  { database, generations }: { database: ReadDatabase; generations: Generations },
  deadline: Instant,
): Promise<{ generation: number; definitions: Definitions; basis: BasisRow }> =>
  ofLive(generations, deadline, async ({ id, definitions }) => {
    const [basis] = await database.rows<BasisRow>(planBasis(id), deadline)
    return { generation: id, definitions, basis }
  })
