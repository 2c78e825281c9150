import type { MigrationInterface, QueryRunner } from 'typeorm'

/** A generation knows by which dimensions its slices are added up: so far by those of its definitions. */
export class Rolled1764000000013 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table read.generation add rolled text[];
      update read.generation set rolled = array(select dimension ->> 'id' from jsonb_array_elements(definitions -> 'dimensions') dimension);
      alter table read.generation alter rolled set not null;
    `)
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table read.generation drop rolled')
  }
}
