import type { MigrationInterface, QueryRunner } from 'typeorm'

/** Remembers which recipients of a mail have it when others do not yet. */
export class Taken1764000000003 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table notify.delivery
        add column taken uuid[] not null default '{}'  -- recipients that have it, while others do not; made of addresses, which are not kept
    `)
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table notify.delivery drop column taken')
  }
}
