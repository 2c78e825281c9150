import type { MigrationInterface, QueryRunner } from 'typeorm'
import { appendWith } from './1764000000012-append-columns.js'

/**
 * The append writes its events in the total order: then they go to the end of its index one after the other, and lie in the
 * table as they are read along it.
 */
export class AppendInOrder1764000000013 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(appendWith(' order by topics[i.p], partitions[i.p], i.nth_p'))
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(appendWith(''))
  }
}
