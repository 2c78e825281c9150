import type { MigrationInterface, QueryRunner } from 'typeorm'

/** A store that was put back from a backup remembers up to when what it held then had been recorded. */
export class Restored1764000000016 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('alter table store.meta add restored_until timestamptz(3)')
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table store.meta drop column restored_until')
  }
}
