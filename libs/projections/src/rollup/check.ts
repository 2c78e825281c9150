import { unrolled } from '@funnel/ledger'
import type { Generation, Queryable } from '../generation/generation.js'
import { CELL_COLUMNS, mergedRolls, rollsOf } from './rolls.js'

/**
 * The slices whose rolls are not what adding up gives: those of the first level against the entries, the others against
 * the slices that they were merged from; and those of the first level that do not begin where the one before ends. Reads
 * everything that is sealed.
 */
export async function wrongSlices(
  db: Queryable,
  { schema, rolled: dimensions }: Pick<Generation, 'schema' | 'rolled'>,
): Promise<number[]> {
  const { rows: slices } = await db.query<{
    id: number
    level: number
    after: string
    upto: string
    parts: number[]
    follows: boolean
  }>(
    `select s.id, s.level, s.known_from::text after, s.known_to::text upto, array(select p.id from ${schema}.slice p
       where p.level = s.level - 1 and p.known_from >= s.known_from and p.known_to <= s.known_to) parts,
       level > 0 or known_from = lag(known_to, 1, '-infinity') over (partition by level order by known_from) follows
     from ${schema}.slice s order by s.id`,
  )
  const wrong: number[] = []
  for (const { id, level, after, upto, parts, follows } of slices) {
    const values = level === 0 ? [after, upto, dimensions] : [parts]
    const rolls = level === 0 ? rollsOf(schema) : mergedRolls(schema)
    const { rows } = await db.query<{ differs: boolean }>(
      `with cells as (select ${CELL_COLUMNS} from ${unrolled(`(${rolls})`)}),
         rolled as (select ${CELL_COLUMNS} from ${unrolled(`(select * from ${schema}.roll where slice = $${values.length + 1})`)})
       select exists ((select ${CELL_COLUMNS} from cells except all select ${CELL_COLUMNS} from rolled)
         union all (select ${CELL_COLUMNS} from rolled except all select ${CELL_COLUMNS} from cells)) differs`,
      [...values, id],
    )
    if (rows[0]!.differs || !follows) wrong.push(id)
  }
  return wrong
}
