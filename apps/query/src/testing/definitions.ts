import type { Definitions, Kpi } from '@funnel/definitions'

const owners = { marketing: 'Maria', sales: 'Saul' }

const kpi = (id: string, unit: Kpi['unit'], formula: Kpi['formula']): Kpi => ({
  id,
  version: 3,
  name: id,
  description: `The ${id}`,
  unit,
  grain: 'lead',
  owners,
  formula,
})

/** A KPI of every kind of formula, and three dimensions. */
export const definitions: Definitions = {
  funnel: {
    id: 'funnel',
    version: 1,
    name: 'Funnel',
    description: 'The funnel',
    owners,
    stages: ['mql', 'sql'].map((id) => ({ id, name: id, type: 'open', owner: 'marketing' })),
    conversions: [
      { from: 'captured', to: 'won' },
      { from: 'mql', to: 'sql' },
    ],
  },
  teams: [],
  kpis: [
    kpi('leads', 'count', { sum: { measure: 'lead.captured' } }),
    kpi('stage-entries', 'count', { sum: { measure: 'stage.entered' } }),
    kpi('win-rate', 'ratio', {
      ratio: { numerator: { measure: 'deal.won' }, denominator: { measures: ['deal.won', 'deal.lost'] } },
    }),
    kpi('won-value-rate', 'ratio', {
      ratio: {
        numerator: { measure: 'deal.won.value' },
        denominator: { measures: ['deal.won.value', 'deal.lost.value'] },
      },
    }),
    kpi('mean-won', 'money', {
      ratio: { numerator: { measure: 'deal.won.value' }, denominator: { measure: 'deal.won' } },
    }),
    kpi('won-revenue', 'money', { sum: { measure: 'deal.won.value' } }),
    kpi('lead-to-won', 'ratio', { conversion: { from: 'captured', to: 'won' } }),
    kpi('mql-to-sql', 'ratio', { conversion: { from: 'mql', to: 'sql', window: '30d' } }),
    kpi('cycle-mean', 'duration', { elapsed: { measure: 'deal.won', stat: 'mean' } }),
    kpi('cycle-median', 'duration', { elapsed: { measure: 'deal.won', stat: 'median' } }),
    kpi('cycle-p90', 'duration', { elapsed: { measure: 'deal.won', stat: 'p90' } }),
    kpi('deals-open', 'count', { stock: { measure: 'deal.open' } }),
    kpi('open-per-lead', 'ratio', {
      ratio: { numerator: { measure: 'deal.open' }, denominator: { measure: 'lead.captured' } },
    }),
    kpi('open-pipeline', 'money', { stock: { measure: 'deal.open.value' } }),
  ],
  dimensions: ['channel', 'region', "odd'; drop table read.generation; --"].map((id) => ({
    id,
    version: 1,
    name: id,
    description: `By ${id}`,
    owners,
    sources: { lead: { from: `properties.${id}` } },
  })),
}
