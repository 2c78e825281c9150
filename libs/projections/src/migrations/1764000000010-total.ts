import type { MigrationInterface, QueryRunner } from 'typeorm'

/**
 * Adds up in 64 bits, null where there is nothing. PostgreSQL's own `sum` of bigint counts in numeric, which costs a quarter
 * of sealing a slice; this one fails where a sum has no room, as the column that it goes to would.
 */
export class Total1764000000010 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('create aggregate read.total(bigint) (sfunc = int8pl, stype = bigint)')
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop aggregate read.total(bigint)')
  }
}
