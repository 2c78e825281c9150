import type pg from 'pg'
import { FunnelError } from '@funnel/events'

/** What was asked for, and what it is asked of. */
export interface DemoWish {
  readonly workspace: string
  readonly embedded: boolean
  /** `--demo` or `--no-demo`; undefined when neither was given. */
  readonly demo: boolean | undefined
}

/** Whether demo data is wanted: in the workspace `demo` unless refused, anywhere else only on request. */
export const wantsDemo = ({ workspace, embedded, demo }: DemoWish): boolean =>
  demo ?? (embedded && workspace === 'demo')

/**
 * Whether the store may take demo data: it is empty, or it began with the demo. A store cannot forget, so demo data never
 * joins other data; asked for expressly, that throws INVALID.
 */
export async function mayFeed(store: pg.Pool, { demo, workspace }: DemoWish): Promise<boolean> {
  const { rows } = await store.query<{ source: string | null; simulated: boolean }>(
    `select simulated_until is not null as simulated, (
       select envelope->>'source' from store.event order by recorded_at, topic, partition, position limit 1) as source
     from store.meta`,
  )
  const { source, simulated } = rows[0]!
  if (source === null || source === 'demo' || simulated) return true
  if (demo === undefined) return false
  throw new FunnelError(
    'INVALID',
    `the store of workspace ${workspace} holds other data: demo data never joins it. Start without --demo, or use a store of its own`,
  )
}
