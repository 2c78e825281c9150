import type { MigrationInterface, QueryRunner } from 'typeorm'
import { generations } from './generations.js'

/**
 * Rolls tell durations in classes by each dimension as well, and have them in arrays beside their days. They are made anew:
 * the projector seals again from the beginning.
 */
export class ClassRolls1764000000016 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const { schema } of await generations(runner))
      await runner.query(`truncate ${schema}.slice, ${schema}.roll;
        alter table ${schema}.roll drop column if exists took, add column if not exists tooks int[]`)
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const { schema } of await generations(runner))
      await runner.query(`truncate ${schema}.slice, ${schema}.roll;
        alter table ${schema}.roll drop column tooks, add column took int`)
  }
}
