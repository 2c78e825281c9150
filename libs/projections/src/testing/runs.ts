/**
 * How many random logs a property meets that folds them into a database, and from which seed on: as the environment says
 * (`FUNNEL_DB_RUNS`, `FUNNEL_SEED`), else as given. More than are given take minutes.
 */
export function runs(count: number, seed?: number): { numRuns: number; seed?: number } {
  const { FUNNEL_DB_RUNS, FUNNEL_SEED } = process.env
  const from = FUNNEL_SEED === undefined ? seed : Number(FUNNEL_SEED)
  return { numRuns: Number(FUNNEL_DB_RUNS ?? count), ...(from === undefined ? {} : { seed: from }) }
}
