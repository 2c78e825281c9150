import { createPool } from '@funnel/platform'
import { translated } from '../postgres/errors.js'
import { idsOf, streamsOf, type Query } from './identity.js'

/** A decision that was taken about a lead or a deal while two ids were one person. */
export interface DecidedMeanwhile {
  readonly id: string
  readonly type: string
  readonly stream: string
  /** ISO 8601 in UTC. */
  readonly recorded: string
  /** Who decided; absent where that was the caller, `source`. */
  readonly actor?: string
  readonly source: string
  /** What it says. */
  readonly data: Saying
  /** Whose lead or deal it is: of the id that was absorbed, of the others, or of both. */
  readonly of: 'absorbed' | 'others' | 'both'
  /** It rests on what was told of the one and of the others: without the merge it might not have been taken. */
  readonly restsOnBoth: boolean
}

/** The data of a decision, as far as its kind is not looked at. */
export interface Saying {
  readonly owner?: string
  readonly assignee?: string
  readonly queue?: string
  readonly stage?: string
  readonly because?: readonly string[]
}

/** A merge that stands, and what was decided since. */
export interface Meanwhile {
  readonly absorbed: string
  readonly into: string
  /** When the merge was recorded; ISO 8601 in UTC. */
  readonly since: string
  /** In the order in which they were recorded. */
  readonly decisions: readonly DecidedMeanwhile[]
}

/**
 * What was decided about the leads and deals of a person since an id was absorbed into it: an un-merge takes none of it
 * back. Undefined where the id is not absorbed. Throws UNAVAILABLE.
 */
export async function decidedMeanwhile(url: string, absorbed: string): Promise<Meanwhile | undefined> {
  const pool = createPool(url, 'funnel-identity', 1)
  const query: Query = async <Row extends object>(text: string, values: readonly unknown[]) =>
    (await pool.query<Row>(text, [...values])).rows
  try {
    const merge = await standingMerge(query, absorbed)
    return merge && { absorbed, ...merge, decisions: await decisionsSince(query, absorbed, merge) }
  } catch (error) {
    throw translated(error)
  } finally {
    await pool.end()
  }
}

type Merge = Pick<Meanwhile, 'into' | 'since'>

/** The merge by which an id is absorbed. As in every fold it stays so until the one that absorbed it lets it go. */
async function standingMerge(query: Query, absorbed: string): Promise<Merge | undefined> {
  const decided = await query<{ type: string; other: string; recorded: string }>(
    `select type, coalesce(envelope #>> '{data,into}', envelope #>> '{data,from}') other, ${RECORDED} from store.event
     where stream = $1 and type in ('person.absorbed', 'person.released') order by version`,
    [`person-${absorbed}`],
  )
  let merge: Merge | undefined
  for (const { type, other, recorded } of decided)
    if (type === 'person.absorbed') merge ??= { into: other, since: recorded }
    else if (merge?.into === other) merge = undefined
  return merge
}

async function decisionsSince(query: Query, absorbed: string, { into, since }: Merge): Promise<DecidedMeanwhile[]> {
  const [own, others] = await Promise.all(
    [await idsOf(query, absorbed, into), await idsOf(query, into, absorbed)].map(
      async (ids) => new Set(await streamsOf(query, ids)),
    ),
  )
  const sidesOf = (stream: string): Sides => ({ absorbed: own!.has(stream), others: others!.has(stream) })
  const decided = await query<Decision>(
    `select id, type, stream, ${RECORDED}, envelope->>'actor' actor, envelope->>'source' source, envelope->'data' data, envelope->>'causationid' cause
     from store.event where stream = any ($1) and recorded_at >= $2 and envelope ? 'requesthash'
     order by recorded_at, topic, partition, position`,
    [[...own!.union(others!)].filter((stream) => /^(lead|deal)-/.test(stream)), since],
  )
  const reasons = await query<{ id: string; stream: string }>(
    'select id, stream from store.event where id = any ($1)',
    [[...new Set(decided.flatMap(reasonsOf))]],
  )
  /** On whom an event rests, by its id; of a decision on whom its reasons do, too. */
  const rests = new Map(reasons.map(({ id, stream }) => [id, sidesOf(stream)]))
  return decided.map((decision) => {
    const { id, type, stream, recorded, actor, source, data } = decision
    const sides = sidesOf(stream)
    const all = [sides, ...reasonsOf(decision).flatMap((reason) => rests.get(reason) ?? [])]
    const on: Sides = { absorbed: all.some((one) => one.absorbed), others: all.some((one) => one.others) }
    rests.set(id, on)
    return {
      id,
      type,
      stream,
      recorded,
      ...(actor !== null && { actor }),
      source,
      data,
      of: sides.absorbed ? (sides.others ? 'both' : 'absorbed') : 'others',
      restsOnBoth: on.absorbed && on.others,
    }
  })
}

/** Whether something is of the id that was absorbed, and of the others. */
interface Sides {
  readonly absorbed: boolean
  readonly others: boolean
}

interface Decision {
  readonly id: string
  readonly type: string
  readonly stream: string
  readonly recorded: string
  readonly actor: string | null
  readonly source: string
  readonly data: Saying
  readonly cause: string | null
}

/** The events that led to a decision. */
const reasonsOf = ({ data, cause }: Decision): readonly string[] => [
  ...(data.because ?? []),
  ...(cause === null ? [] : [cause]),
]

const RECORDED = `to_char(recorded_at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') recorded`
