import { createPool } from '@funnel/platform'

/** How far an import has come. */
export interface Progressed {
  /** Rows done. */
  readonly rows: number
  /** Errors they had; each is in the error file. */
  readonly errors: number
  /** Whether those were all rows. */
  readonly done: boolean
}

/** Remembers how far imports have come. A hint only: event ids are derived, so that sending rows again changes nothing. */
export interface Checkpoint {
  readonly load: (id: string) => Promise<Progressed>
  readonly save: (
    id: string,
    what: Progressed & { readonly file: string; readonly mappingHash: string },
  ) => Promise<void>
  readonly close: () => Promise<void>
}

/** Where an import begins. */
export const atStart: Progressed = { rows: 0, errors: 0, done: false }

/** Progress kept in the store itself, so that it lives and dies with the events. */
export function storeCheckpoint(databaseUrl: string): Checkpoint {
  const pool = createPool(databaseUrl, 'funnel-import', 1)
  return {
    async load(id) {
      const { rows } = await pool.query<Progressed>(
        `select rows_done rows, errors, state = 'done' done from store.import where id = $1`,
        [id],
      )
      return rows[0] ?? atStart
    },
    async save(id, { file, mappingHash, rows, errors, done }) {
      await pool.query(
        `insert into store.import (id, file, mapping_hash, rows_done, errors, state, updated_at)
         values ($1, $2, $3, $4, $5, $6, now())
         on conflict (id) do update set rows_done = excluded.rows_done, errors = excluded.errors, state = excluded.state,
           updated_at = excluded.updated_at`,
        [id, file, mappingHash, rows, errors, done ? 'done' : 'running'],
      )
    },
    close: () => pool.end(),
  }
}

/** Where the store cannot be reached but through its door: nothing is remembered, everything is sent. */
export const noCheckpoint: Checkpoint = {
  load: () => Promise.resolve(atStart),
  save: () => Promise.resolve(),
  close: () => Promise.resolve(),
}
