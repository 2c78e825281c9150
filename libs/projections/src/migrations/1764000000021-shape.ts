import type { MigrationInterface, QueryRunner } from 'typeorm'

/**
 * A process of an earlier version that still ran after the migration before could make a generation once more, with tables that
 * later ones cannot fold into, or fold into theirs what lacks what they need. All there are are replaced. From now on a generation
 * says which shape its tables have, and whoever does not say so, or says an earlier one, makes none; nor does it save a
 * fact, of which it does not say all there is to say. The projector folds the log into a new one.
 */
export class Shape1764000000021 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    // the lock first: whoever is making or folding one is done, or has to come after
    await runner.query(`
      alter table read.generation add shape int;
      update read.generation set state = 'retired', fold = fold + 1 where state <> 'retired';
      update read.generation set shape = 0;
      alter table read.generation alter shape set not null, add constraint shape check (shape >= 21 or state = 'retired');
    `)
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table read.generation drop column shape')
  }
}
