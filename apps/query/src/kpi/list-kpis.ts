import type { Instant } from '@funnel/events'
import { STAGE } from '@funnel/ledger'
import type { ListKpisResponse } from '@funnel/query-api'
import { basisOf } from '../read/basis.js'
import type { ReadModels } from '../read/read-models.js'
import { toBasis, toDefinition } from './wire.js'

/** The KPIs and dimensions of the live generation; every entry has the dimension `stage` of itself. */
export async function listKpis(models: ReadModels, deadline: Instant): Promise<ListKpisResponse> {
  const { generation, definitions, basis } = await basisOf(models, deadline)
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
