import { reasonsFor, type Taxonomy } from '@funnel/definitions'

/** Taxonomies for specs: each has a reason that is enough, `fit`, and `other`, which needs a note. */
export const reasons: readonly Taxonomy[] = reasonsFor.map((id) => ({
  id,
  version: 1,
  name: id,
  description: id,
  owners: { marketing: 'marketing', sales: 'sales' },
  reasons: [
    { id: 'fit', name: 'No fit' },
    { id: 'other', name: 'Other', note: true },
  ],
}))

/** The id of a note. */
export const NOTE = '0197a3c2-0000-7000-8000-000000000001'
