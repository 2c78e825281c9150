import type { Generation, Queryable } from './generation.js'

/** A dimension with more values than this is no dimension but an id or a text, and sums by it are as many as the lines. */
export const MANY_VALUES = 10_000

/** Sets of values that are looked at, the oldest: a million take a second or two. */
const MOST_SETS = 1_000_000

/**
 * How many different values each dimension has that occurs, whatever line they are of and whether it still stands. At
 * least so many where there are more than a million combinations.
 */
export async function dimensionValues(
  db: Queryable,
  { schema }: Pick<Generation, 'schema'>,
): Promise<ReadonlyMap<string, number>> {
  const { rows } = await db.query<{ dimension: string; n: number }>(
    `select key dimension, count(distinct value) n
     from (select values from ${schema}.dims limit ${MOST_SETS}) sets, jsonb_each_text(values) group by 1 order by 1`,
  )
  return new Map(rows.map(({ dimension, n }) => [dimension, n]))
}
