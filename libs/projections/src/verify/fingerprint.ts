import type { Generation, Queryable } from '../generation/generation.js'

/** Names the content of each table of a generation: equal rows, equal fingerprint, in whatever order. */
export type Fingerprint = Readonly<Record<Table, string>>
type Table = 'journal' | 'dims' | 'fact' | 'node' | 'lead' | 'deal' | 'clock' | 'parked'

/** Rows as text; what is no content (when a row was written) is left out. */
const CONTENT: Readonly<Record<Table, (schema: string) => string>> = {
  journal: (schema) => `select t::text as line from ${schema}.entry t`,
  dims: (schema) => `select t::text as line from ${schema}.dims t`,
  fact: (schema) => `select t::text as line from ${schema}.fact t`,
  node: (schema) => `select t::text as line from ${schema}.node t`,
  lead: (schema) => `select t::text as line from ${schema}.lead t`,
  deal: (schema) => `select t::text as line from ${schema}.deal t`,
  clock: (schema) => `select t::text as line from ${schema}.clock t`,
  parked: (schema) => `select row(kind, key, topic, partition, "position")::text as line from ${schema}.parked`,
}

/**
 * Count and two sums of 64-bit hashes over all rows of each table: for telling two folds of one log apart, not against
 * somebody who wants them to look alike. Streams; sorts nothing.
 */
export async function fingerprint(db: Queryable, { schema }: Generation): Promise<Fingerprint> {
  const result: Partial<Record<Table, string>> = {}
  for (const [table, content] of Object.entries(CONTENT) as [Table, (schema: string) => string][]) {
    const { rows } = await db.query<{ print: string }>(
      `select concat_ws(':', count(*), coalesce(sum(hashtextextended(line, 1)::numeric), 0), coalesce(sum(hashtextextended(line, 2)::numeric), 0)) as print
       from (${content(schema)}) x`,
    )
    result[table] = rows[0]!.print
  }
  return result as Fingerprint
}
