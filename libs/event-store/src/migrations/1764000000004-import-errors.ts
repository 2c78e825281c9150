import type { MigrationInterface, QueryRunner } from 'typeorm'

/** An import remembers how many errors it had, so that going on with it, or asking for it again, does not hide them. */
export class ImportErrors1764000000004 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('alter table store.import add errors bigint not null default 0')
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table store.import drop errors')
  }
}
