import { loadDefinitions } from '@funnel/definitions'
import { advance, type FunnelEvent, type Positions, type Recorded } from '@funnel/events'
import { createPool, freePort, startService } from '@funnel/platform'
import { createFolder, createGeneration, migrateRead } from '@funnel/projections'
import { createClient, type FunnelClient } from '@funnel/query-api'
import { testDatabase } from '@funnel/testing'
import { QueryConfig } from '../config.js'
import { queryService } from '../service.js'

/** A query service over what was folded from a log. */
export interface Asked {
  readonly client: FunnelClient
  /** Folds what came after in the log. */
  fold(events: readonly Recorded<FunnelEvent>[]): Promise<void>
  close(): Promise<void>
}

/**
 * Folds events of the total order of a log by the definitions of the platform, into a database of their own, and has them asked.
 */
export async function askedOf(
  events: readonly Recorded<FunnelEvent>[],
  epoch = '00000000-0000-4000-8000-000000000000',
): Promise<Asked> {
  const database = await testDatabase()
  await migrateRead(database.url)
  const pool = createPool(database.url, 'test', 2)
  const folder = createFolder(
    pool,
    await createGeneration(pool, { definitions: loadDefinitions(), epoch, state: 'live' }),
  )
  let positions: Positions = {}
  const fold: Asked['fold'] = async (events) => {
    positions = advance(positions, events)
    await folder.apply({ events, positions, w: events.at(-1)!.recorded })
  }
  await fold(events)
  const config = Object.assign(new QueryConfig(), {
    databaseUrl: database.url,
    port: 0,
    grpcPort: await freePort(),
    logLevel: 'silent',
  })
  const service = await startService({ ...queryService, config })
  const client = createClient(`127.0.0.1:${config.grpcPort}`, { deadline: 10_000 })
  return {
    client,
    fold,
    async close() {
      client.close()
      await pool.end()
      await service.close()
      await database.drop()
    },
  }
}
