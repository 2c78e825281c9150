import { loadDefinitions, type Definitions, type Dimension, type Team } from '@funnel/definitions'

const dimension = (id: string, sources: Dimension['sources']): Dimension => ({
  id,
  version: 1,
  name: id,
  description: id,
  owners: { marketing: 'm', sales: 's' },
  sources,
})

export const team = (id: string, manager: string, members: readonly string[]): Team => ({
  id,
  version: 1,
  name: id,
  description: id,
  owners: { marketing: 'm', sales: 's' },
  side: 'sales',
  manager,
  members,
})

const defaults = loadDefinitions()

/** The definitions that come with the platform, with a dimension of every kind of source beside theirs. */
export const everyDimension: Definitions = {
  ...defaults,
  dimensions: [
    ...defaults.dimensions,
    dimension('kind', { touch: { from: 'kind' } }),
    dimension('size', { touch: { from: 'properties.size' }, deal: { from: 'properties.size', value: 'at_event' } }),
    dimension('manager', {
      lead: { from: 'owner', value: 'latest' },
      deal: { from: 'owner', value: 'latest' },
      clock: { from: 'owner', value: 'latest' },
    }),
    dimension('account', { deal: { from: 'account' } }),
    dimension('lead_owner', { lead: { from: 'owner' }, deal: { from: 'lead' }, clock: { from: 'lead' } }),
    dimension('team', { lead: { from: 'owner', attribute: 'team' }, deal: { from: 'lead' }, clock: { from: 'team' } }),
    dimension('team_now', {
      lead: { from: 'owner', attribute: 'team', value: 'latest' },
      deal: { from: 'owner', attribute: 'manager', value: 'latest' },
      clock: { from: 'owner', attribute: 'team', value: 'latest' },
    }),
    dimension('lead_of', {
      deal: { from: 'owner', attribute: 'manager' },
      clock: { from: 'owner', attribute: 'manager' },
    }),
    dimension('product', { deal: { from: 'properties.product', value: 'latest' } }),
  ],
  teams: [team('t1', 'o1', ['o1', 'ann']), team('t2', 'max', ['o2', 'bob'])],
}
