import type { Definitions } from '@funnel/definitions'
import { planBasis, type BasisRow } from '@funnel/ledger'
import type { Patience } from '@funnel/platform/grpc'
import type { ReadDatabase } from './database.js'
import type { Generations } from './generations.js'
import { ofLive } from './live.js'

/** The live generation with its own row, as of now. */
export const basisOf = (
  { database, generations }: { database: ReadDatabase; generations: Generations },
  patience: Patience,
): Promise<{ generation: number; definitions: Definitions; basis: BasisRow }> =>
  ofLive(generations, patience, async ({ id, definitions }) => {
    const [basis] = await database.rows<BasisRow>(planBasis(id), patience)
    return { generation: id, definitions, basis }
  })
