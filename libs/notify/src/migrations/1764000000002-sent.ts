import type { MigrationInterface, QueryRunner } from 'typeorm'

/** Finds what was sent long ago. */
export class Sent1764000000002 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`create index delivery_sent on notify.delivery (ended) where state = 'sent'`)
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop index notify.delivery_sent')
  }
}
