import type pg from 'pg'
import { loadAllDefinitions, readDefinitions } from '@funnel/definitions'
import { playHistory } from '@funnel/demo'
import { advanceHead } from '@funnel/event-log'
import { fillWithHistory } from '@funnel/event-store'
import { pendingOf, putInForce } from '../definitions/put-in-force.js'
import { stepsFor } from '../definitions/steps.js'
import { save } from './kept.js'

const DAYS = 90
/** The company is the same in every workspace; what its history comes to depends on the day it begins as well. */
const SEED = 1
/** It ends a little before now, so that all of it is over when it is recorded. Milliseconds. */
const AGO = 1000
/** So long nothing is said. Milliseconds. */
const PATIENCE = 1000

export interface HistoryOptions {
  /** Where the company is kept, to live on. */
  readonly file: string
  /** Folders of definitions. */
  readonly folders: readonly string[]
  readonly say: (line: string) => void
  readonly signal: AbortSignal
}

/** Gives a store that holds nothing the company's history. Broken off, it leaves the store empty. */
export async function beginWithHistory(pool: pg.Pool, { file, folders, say, signal }: HistoryOptions): Promise<void> {
  const { rowCount } = await pool.query('select from store.event limit 1')
  if (rowCount) return
  const began = Date.now()
  const until = began - AGO
  const at = until - DAYS * 86_400_000
  const approved = stepsFor(readDefinitions(folders), new Map(), at).filter(({ refused }) => refused === undefined)
  let told = false
  const { company, positions, records } = await playHistory({
    name: `${began}`,
    seed: SEED,
    at,
    until,
    definitions: loadAllDefinitions(folders),
    setUp: async (store) => {
      await putInForce(store, pendingOf(approved), at, () => undefined)
    },
    onDay: (day, days) => {
      if (told || Date.now() - began < PATIENCE) return
      told = true
      say(`the demo's history is being made up: ${day} of ${days} days …`)
    },
    signal,
  })
  save(file, { company, seen: positions, unsent: [] })
  await fillWithHistory(pool, records)
  await advanceHead(pool) // so that nobody who reads it has to wait for the relay
  if (told) say(`the demo's history is there: ${records.length} events in ${Math.round((Date.now() - began) / 1000)} s`)
}
