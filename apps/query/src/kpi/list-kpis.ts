import { STAGE } from '@funnel/ledger'
import type { Patience } from '@funnel/platform/grpc'
import type { ListKpisResponse } from '@funnel/query-api'
import { basisOf } from '../read/basis.js'
import type { ReadModels } from '../read/read-models.js'
import { toBasis, toDefinition } from './wire.js'

/** The KPIs and dimensions of the live generation; every entry has the dimension `stage` of itself. */
export async function listKpis(models: ReadModels, patience: Patience): Promise<ListKpisResponse> {
  const { generation, definitions, basis } = await basisOf(models, patience)
  return {
    kpis: definitions.kpis.map(toDefinition),
    dimensions: [
      { id: STAGE, version: 1, name: 'Stage', description: 'The stage a line is about', subjects: ['lead', 'deal'] },
      ...definitions.dimensions.map(({ id, version, name, description, sources }) => ({
        id,
        version,
        name,
        description,
        subjects: Object.keys(sources),
      })),
    ],
    basis: toBasis(undefined, generation, basis),
  }
}
