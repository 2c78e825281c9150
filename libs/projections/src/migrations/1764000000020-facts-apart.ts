import type { MigrationInterface, QueryRunner } from 'typeorm'

/**
 * Generations whose leads and deals were saved with all their facts, at each one anew: those facts have a table, which now
 * tells all of each. They are replaced. The projector folds the log into a new one.
 */
export class FactsApart1764000000020 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`update read.generation set state = 'retired', fold = fold + 1 where state <> 'retired'`)
  }

  async down(runner: QueryRunner): Promise<void> {
    await this.up(runner) // states without facts say nothing to earlier versions
  }
}
