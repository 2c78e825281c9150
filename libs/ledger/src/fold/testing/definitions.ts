import { loadDefinitions, type Definitions, type Dimension } from '@funnel/definitions'

const dimension = (id: string, sources: Dimension['sources']): Dimension => ({
  id,
  version: 1,
  name: id,
  description: id,
  owners: { marketing: 'm', sales: 's' },
  sources,
})

const defaults = loadDefinitions()

/** The definitions that come with the platform, with a dimension of every kind of source beside theirs. */
export const everyDimension: Definitions = {
  ...defaults,
  dimensions: [
    ...defaults.dimensions,
    dimension('kind', { touch: { from: 'kind' } }),
    dimension('size', { touch: { from: 'properties.size' }, deal: { from: 'properties.size', value: 'at_event' } }),
    dimension('manager', { lead: { from: 'owner', value: 'latest' }, deal: { from: 'owner', value: 'latest' } }),
    dimension('account', { deal: { from: 'account' } }),
    dimension('lead_owner', { lead: { from: 'owner' }, deal: { from: 'lead' } }),
    dimension('product', { deal: { from: 'properties.product', value: 'latest' } }),
  ],
}
