import type { MigrationInterface, QueryRunner } from 'typeorm'

/** A store may begin with a made-up history, and remembers until when. */
export class History1764000000009 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('alter table store.meta add simulated_until timestamptz(3)')
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table store.meta drop column simulated_until')
  }
}
