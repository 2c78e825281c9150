import type { MigrationInterface, QueryRunner } from 'typeorm'
import { generations } from './generations.js'

/**
 * Rolls tell apart how long it took, in classes, so that percentiles need no longer be counted from all entries. They are made
 * anew: the projector seals again from the beginning.
 */
export class TookRolls1764000000014 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const { schema } of await generations(runner))
      await runner.query(`truncate ${schema}.slice, ${schema}.roll;
        alter table ${schema}.roll alter cohort drop not null, add column if not exists took int;
        create index if not exists entry_elapsed on ${schema}.entry (measure, elapsed_s) where elapsed_s is not null;`)
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const { schema } of await generations(runner))
      await runner.query(`truncate ${schema}.slice, ${schema}.roll; drop index if exists ${schema}.entry_elapsed;
        alter table ${schema}.roll alter cohort set not null, drop column took`)
  }
}
