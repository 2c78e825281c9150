import type { MigrationInterface, QueryRunner } from 'typeorm'
import { generations } from './generations.js'

/** The clocks of generations that were made before get room for the clock that they belong to; none does yet. */
export class ClockParents1764000000008 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const { schema } of await generations(runner))
      // those that were made with the table have it
      await runner.query(`alter table ${schema}.clock add column if not exists parent text`)
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const { schema } of await generations(runner))
      await runner.query(`alter table ${schema}.clock drop column parent`)
  }
}
