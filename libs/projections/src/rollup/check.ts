import { spanOf, unrolled } from '@funnel/ledger'
import type { Generation, Queryable } from '../generation/generation.js'
import { CELL_COLUMNS, mergedRolls, rollsOf } from './rolls.js'

/**
 * The slices that are not what sealing makes: their rolls are not what adding up gives, of the first level the entries, of
 * the others the slices that they were merged from; or they do not lie where they must, so that a question would count
 * something twice or leave it out. Reads everything that is sealed.
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
    placed: boolean
  }>(placesOf(schema))
  const { rows: strays } = await db.query<{ slice: number }>(straysOf(schema))
  const wrong = new Set(strays.map(({ slice }) => slice))
  for (const { id, level, after, upto, parts, placed } of slices) {
    const values = level === 0 ? [after, upto, dimensions] : [parts]
    const rolls = level === 0 ? rollsOf(schema) : mergedRolls(schema)
    const { rows } = await db.query<{ differs: boolean }>(
      `with cells as (select ${CELL_COLUMNS} from ${unrolled(`(${rolls})`)}),
         rolled as (select ${CELL_COLUMNS} from ${unrolled(`(select * from ${schema}.roll where slice = $${values.length + 1})`)})
       select exists ((select ${CELL_COLUMNS} from cells except all select ${CELL_COLUMNS} from rolled)
         union all (select ${CELL_COLUMNS} from rolled except all select ${CELL_COLUMNS} from cells)) differs`,
      [...values, id],
    )
    if (rows[0]!.differs || !placed) wrong.add(id)
  }
  return [...wrong].toSorted((a, b) => a - b)
}

/**
 * SQL: the slices, and whether each lies where it must. Those of the first level follow each other from the beginning; any
 * other reaches over exactly those that name its end as their parent's; and whoever names a parent has it.
 */
const placesOf = (schema: string): string => `
  select s.id, s.level, s.known_from::text after, s.known_to::text upto, coalesce(made.ids, '{}') parts,
    case s.level when 0 then s.known_from = lag(s.known_to, 1, '-infinity') over (partition by s.level order by s.known_from)
      else coalesce(made.known_from = s.known_from and made.known_to = s.known_to and made.known, false) end
    and (s.parent_to is null or exists (select from ${schema}.slice p where p.level = s.level + 1 and p.known_to = s.parent_to
      and p.known_from <= s.known_from and p.known_to >= s.known_to)) placed
  from ${schema}.slice s left join lateral (
    select array_agg(p.id) ids, min(p.known_from) known_from, max(p.known_to) known_to, bool_and(p.parent_to is not distinct from s.known_to) known
    from ${schema}.slice p where p.level = s.level - 1 and p.known_from >= s.known_from and p.known_to <= s.known_to) made on true
  order by s.id`

/** SQL: the slices of rolls that no question finds: in another span than that of their days, or of a slice that is not there. */
const straysOf = (schema: string): string => `
  select distinct slice from ${schema}.roll r
  where exists (select from unnest(days) "day" where ${spanOf('"day"')} <> span) or not exists (select from ${schema}.slice s where s.id = r.slice)`
