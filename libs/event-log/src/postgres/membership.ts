import { createHash } from 'node:crypto'
import type pg from 'pg'
import { FunnelError, topics, type Topic } from '@funnel/events'
import { partitionKey, type Partition } from '../delivery/shares.js'

/** Lock numbers: topic · 100,000 + partition for a share, + 50,000 + slot for a member. */
const TOPIC = 100_000
const MEMBER = 50_000
/** A frozen member loses its locks after this long: the server ends a session it does not hear from. */
const SILENCE = '15s'
const HEARTBEAT = 5000

/**
 * One member of a group whose members share the partitions of topics among themselves, by session advisory locks on one
 * connection: a member holds a numbered slot per topic and the lock of each partition it reads. Who is alive is who holds
 * a slot, so a death needs no clean-up; a partition has one holder at any time.
 */
export class Membership {
  readonly #client: pg.PoolClient
  readonly #group: number
  readonly #slots: ReadonlyMap<Topic, number>
  readonly #held = new Map<string, Partition>()
  readonly #heartbeat: NodeJS.Timeout
  #left = false

  private constructor(client: pg.PoolClient, group: number, slots: ReadonlyMap<Topic, number>) {
    this.#client = client
    this.#group = group
    this.#slots = slots
    this.#heartbeat = setInterval(() => void client.query('select 1').catch(() => undefined), HEARTBEAT)
    this.#heartbeat.unref()
  }

  /** Joins; `lost` is called when the connection, and with it everything held, is gone. Throws UNAVAILABLE. */
  static async join(
    pool: pg.Pool,
    { group, wanted, lost }: { group: string; wanted: readonly Topic[]; lost: (error: Error) => void },
  ): Promise<Membership> {
    const client = await pool.connect()
    try {
      await client.query(`set idle_session_timeout = '${SILENCE}'`)
      const number = numberOf(group)
      const slots = new Map<Topic, number>()
      for (const topic of wanted) slots.set(topic, await takeSlot(client, number, topic))
      const membership = new Membership(client, number, slots)
      client.on('error', (error) => {
        if (!membership.#left)
          lost(new FunnelError('UNAVAILABLE', `Group ${group} lost its place: the connection broke`, {}, error))
        membership.leave()
      })
      return membership
    } catch (error) {
      client.release(true)
      throw new FunnelError('UNAVAILABLE', `Group ${group} cannot be joined: PostgreSQL does not answer`, {}, error)
    }
  }

  get held(): readonly Partition[] {
    return [...this.#held.values()]
  }

  /** The partitions that are this member's fair share, given who is alive. */
  async share(): Promise<readonly Partition[]> {
    const { rows } = await this.#query<{ lock: number }>({
      name: 'log-members',
      text: `select objid::bigint as lock from pg_locks
              where locktype = 'advisory' and objsubid = 2 and classid = $1::bigint::oid and granted
                and database = (select oid from pg_database where datname = current_database())`,
      values: [this.#group],
    })
    const share: Partition[] = []
    for (const [topic, slot] of this.#slots) {
      const first = topics[topic].id * TOPIC + MEMBER
      const alive = rows.map(({ lock }) => lock - first).filter((other) => other >= 0 && other < MEMBER)
      const rank = alive.filter((other) => other < slot).length
      for (let partition = rank; partition < topics[topic].partitions; partition += Math.max(1, alive.length))
        share.push({ topic, partition })
    }
    return share
  }

  async release(partitions: readonly Partition[]): Promise<void> {
    await this.#query({
      text: 'select pg_advisory_unlock($1::int, lock) from unnest($2::int[]) lock',
      values: [this.#group, partitions.map(lockOf)],
    })
    for (const partition of partitions) this.#held.delete(partitionKey(partition))
  }

  /** Takes those of the partitions that nobody holds; true when there was one. */
  async take(partitions: readonly Partition[]): Promise<boolean> {
    if (!partitions.length) return false
    const { rows } = await this.#query<{ taken: boolean }>({
      text: 'select pg_try_advisory_lock($1::int, lock) as taken from unnest($2::int[]) with ordinality as l(lock, n) order by n',
      values: [this.#group, partitions.map(lockOf)],
    })
    const taken = partitions.filter((_, index) => rows[index]?.taken)
    for (const partition of taken) this.#held.set(partitionKey(partition), partition)
    return taken.length > 0
  }

  /** Gives everything back; idempotent. */
  leave(): void {
    if (this.#left) return
    this.#left = true
    clearInterval(this.#heartbeat)
    this.#held.clear()
    this.#client.release(true)
  }

  /** A query that fails means the connection, and with it the membership, is lost; it may be known here first. */
  async #query<Row extends pg.QueryResultRow>(statement: pg.QueryConfig): Promise<pg.QueryResult<Row>> {
    try {
      return await this.#client.query<Row>(statement)
    } catch (error) {
      throw new FunnelError('UNAVAILABLE', 'A member of a group lost its place: the connection broke', {}, error)
    }
  }
}

async function takeSlot(client: pg.PoolClient, group: number, topic: Topic): Promise<number> {
  for (let slot = 0; slot < MEMBER; slot++) {
    const { rows } = await client.query<{ taken: boolean }>('select pg_try_advisory_lock($1::int, $2::int) as taken', [
      group,
      topics[topic].id * TOPIC + MEMBER + slot,
    ])
    if (rows[0]?.taken) return slot
  }
  throw new RangeError(`more than ${MEMBER} members`)
}

const lockOf = ({ topic, partition }: Partition): number => topics[topic].id * TOPIC + partition

/** 31 bits of the group's name, far from the small numbers other locks use. */
const numberOf = (group: string): number =>
  (createHash('sha256').update(`event-log ${group}`).digest().readUInt32BE(0) & 0x3fffffff) | 0x40000000
