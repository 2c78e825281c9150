import type { MigrationInterface, QueryRunner } from 'typeorm'
import { generations } from './generations.js'

/** Rolls tell how long it took as well. They are made anew: the projector seals again from the beginning. */
export class TimedRolls1764000000003 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const { schema } of await generations(runner))
      await runner.query(`truncate ${schema}.slice, ${schema}.roll;
        alter table ${schema}.roll add column if not exists timed boolean not null, add column if not exists elapsed bigint[]`)
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const { schema } of await generations(runner))
      await runner.query(`truncate ${schema}.slice, ${schema}.roll;
        alter table ${schema}.roll drop column timed, drop column elapsed`)
  }
}
