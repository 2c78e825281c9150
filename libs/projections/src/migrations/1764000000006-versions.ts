import type { MigrationInterface, QueryRunner } from 'typeorm'

/**
 * Generations that were folded before each fact counted by the definitions in force at it: their states lack what that
 * takes, so they are replaced. The projector folds the log into a new one.
 */
export class Versions1764000000006 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`update read.generation set state = 'retired', fold = fold + 1 where state <> 'retired'`)
  }

  async down(): Promise<void> {
    // the next fold is anew in either case
  }
}
