import { createPool } from '@funnel/platform'

/** How far an import has come. A hint only: event ids are derived, so that sending rows again changes nothing. */
export interface Checkpoint {
  /** Rows done before, and whether that was all of them. */
  readonly load: (id: string) => Promise<{ readonly rows: number; readonly done: boolean }>
  readonly save: (id: string, what: { file: string; mappingHash: string; rows: number; done: boolean }) => Promise<void>
  readonly close: () => Promise<void>
}

/** Progress kept in the store itself, so that it lives and dies with the events. */
export function storeCheckpoint(databaseUrl: string): Checkpoint {
  const pool = createPool(databaseUrl, 'funnel-import', 1)
  return {
    async load(id) {
      const { rows } = await pool.query<{ rows_done: number; state: string }>(
        'select rows_done, state from store.import where id = $1',
        [id],
      )
      return { rows: rows[0]?.rows_done ?? 0, done: rows[0]?.state === 'done' }
    },
    async save(id, { file, mappingHash, rows, done }) {
      await pool.query(
        `insert into store.import (id, file, mapping_hash, rows_done, state, updated_at) values ($1, $2, $3, $4, $5, now())
         on conflict (id) do update set rows_done = excluded.rows_done, state = excluded.state, updated_at = excluded.updated_at`,
        [id, file, mappingHash, rows, done ? 'done' : 'running'],
      )
    },
    close: () => pool.end(),
  }
}

/** Where the store cannot be reached but through its door: nothing is remembered, everything is sent. */
export const noCheckpoint: Checkpoint = {
  load: () => Promise.resolve({ rows: 0, done: false }),
  save: () => Promise.resolve(),
  close: () => Promise.resolve(),
}
