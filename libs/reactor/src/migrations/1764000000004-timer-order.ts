import type { MigrationInterface, QueryRunner } from 'typeorm'

/**
 * Timers are found in the order in which they fire: however many are due at one instant, the first are not looked for among all.
 */
export class TimerOrder1764000000004 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table reactor.timer alter id type text collate "C";
      drop index reactor.timer_due;
      create index timer_due on reactor.timer (reactor, due, id)`)
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop index reactor.timer_due;
      alter table reactor.timer alter id type text collate "default";
      create index timer_due on reactor.timer (reactor, due)`)
  }
}
