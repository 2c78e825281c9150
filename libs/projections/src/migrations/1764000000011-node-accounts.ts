import type { MigrationInterface, QueryRunner } from 'typeorm'
import { ACCOUNT } from '../generation/tables.js'
import { generations } from './generations.js'

/** Nodes of generations that were made before get the account of a person as a column, and the index over it. */
export class NodeAccounts1764000000011 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const { schema } of await generations(runner))
      await runner.query(`
        drop index if exists ${schema}.node_account;
        alter table ${schema}.node add column if not exists ${ACCOUNT};
        create index node_account on ${schema}.node (account) where account is not null`)
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const { schema } of await generations(runner))
      await runner.query(`
        alter table ${schema}.node drop column account;
        create index node_account on ${schema}.node ((state->>'account')) where kind = 'person' and state->>'account' is not null`)
  }
}
