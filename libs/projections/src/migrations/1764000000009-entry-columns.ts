import type { MigrationInterface, QueryRunner } from 'typeorm'
import { generations } from './generations.js'

/** Entries of generations that were made before lose columns that nobody reads: they are among the values of their set. */
export class EntryColumns1764000000009 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const { schema } of await generations(runner))
      await runner.query(`alter table ${schema}.entry drop column if exists channel, drop column if exists owner`)
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const { schema } of await generations(runner))
      await runner.query(`alter table ${schema}.entry add column channel text, add column owner text`)
  }
}
