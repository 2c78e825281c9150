import type { MigrationInterface, QueryRunner } from 'typeorm'
import { clockIndexes, clockTable } from '../generation/tables.js'
import { generations } from './generations.js'

/** Generations that were made before promises were kept get the list of clocks; none of them has met one. */
export class Clocks1764000000007 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const { schema } of await generations(runner)) await runner.query(clockTable(schema) + clockIndexes(schema))
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const { schema } of await generations(runner)) await runner.query(`drop table ${schema}.clock`)
  }
}
