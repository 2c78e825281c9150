import type { MigrationInterface, QueryRunner } from 'typeorm'
import { generations } from './generations.js'

/**
 * Rolls have the values of their dimension in an array beside their days, and so are a fifth as many. They are made anew: the
 * projector seals again from the beginning.
 */
export class ValueRolls1764000000017 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const { schema } of await generations(runner))
      await runner.query(`truncate ${schema}.slice, ${schema}.roll;
        alter table ${schema}.roll drop column if exists value, add column if not exists "values" text[]`)
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const { schema } of await generations(runner))
      await runner.query(`truncate ${schema}.slice, ${schema}.roll;
        alter table ${schema}.roll drop column "values", add column value text`)
  }
}
