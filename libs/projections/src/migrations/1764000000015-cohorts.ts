import type { MigrationInterface, QueryRunner } from 'typeorm'
import { cohortIndex, elapsedIndex } from '../generation/tables.js'
import { generations } from './generations.js'

/** Conversions are found by their cohort, and percentiles read nothing but an index. */
export class Cohorts1764000000015 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const { schema } of await generations(runner))
      await runner.query(`drop index if exists ${schema}.entry_elapsed;${elapsedIndex(schema)}${cohortIndex(schema)}
        analyze ${schema}.entry`)
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const { schema } of await generations(runner))
      await runner.query(`drop index if exists ${schema}.entry_cohort; drop statistics if exists ${schema}.entry_stage;
        drop index if exists ${schema}.entry_elapsed;
        create index entry_elapsed on ${schema}.entry (measure, elapsed_s) where elapsed_s is not null`)
  }
}
