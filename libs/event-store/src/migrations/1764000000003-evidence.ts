import type { MigrationInterface, QueryRunner } from 'typeorm'

/** Finds the refusal that a body belongs to, so that bodies can be forgotten. */
export class Evidence1764000000003 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('create index rejected_raw on store.rejected_event (raw)')
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop index store.rejected_raw')
  }
}
