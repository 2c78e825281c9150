import type { MigrationInterface, QueryRunner } from 'typeorm'

/** Keys that may give commands, beside those that can only send events. */
export class CommandKeys1764000000006 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('alter table store.write_key add commands boolean not null default false')
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table store.write_key drop commands')
  }
}
