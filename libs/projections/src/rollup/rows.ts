import type { Roll } from '@funnel/ledger'
import type { Column } from '../fold/columns.js'

/** The table `roll`, of one slice. */
export const rollColumns = (slice: number): readonly Column<Roll>[] => [
  { name: 'slice', type: 'int', of: () => slice },
  { name: 'dimension', type: 'text', of: ({ dimension }) => dimension },
  { name: 'measure', type: 'text', of: ({ measure }) => measure },
  { name: 'stage', type: 'text', of: ({ stage }) => stage },
  { name: 'currency', type: 'text', of: ({ currency }) => currency },
  { name: 'cohort', type: 'boolean', of: ({ cohort }) => cohort },
  { name: 'window', type: 'smallint', of: ({ window }) => window },
  { name: 'timed', type: 'boolean', of: ({ timed }) => timed },
  { name: 'span', type: 'int', of: ({ span }) => span },
  { name: 'days', type: 'int[]', of: ({ days }) => days },
  { name: 'values', type: 'text[]', of: ({ values }) => values },
  { name: 'tooks', type: 'int[]', of: ({ tooks }) => tooks },
  { name: 'amounts', type: 'bigint[]', of: ({ amounts }) => amounts },
  { name: 'sizes', type: 'bigint[]', of: ({ sizes }) => sizes },
  { name: 'elapsed', type: 'bigint[]', of: ({ elapsed }) => elapsed },
]
