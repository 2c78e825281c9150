import type { QueryRunner } from 'typeorm'

/** The generations that there are, each a schema of its own. */
export const generations = async (runner: QueryRunner) =>
  (await runner.query('select schema from read.generation')) as { readonly schema: string }[]
