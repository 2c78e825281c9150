import type { MigrationInterface, QueryRunner } from 'typeorm'
import { rollupIndexes, rollupTables } from '../rollup/tables.js'
import { generations } from './generations.js'

/** Generations that were made without rolls get the tables; the projector fills them. */
export class Rollups1764000000002 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const { schema } of await generations(runner)) await runner.query(rollupTables(schema) + rollupIndexes(schema))
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const { schema } of await generations(runner))
      await runner.query(`drop table ${schema}.slice, ${schema}.roll; drop index ${schema}.entry_money`)
  }
}
