import type { MigrationInterface, QueryRunner } from 'typeorm'
import { ACCOUNT, journeyIndexes } from '../generation/tables.js'
import { generations } from './generations.js'

/** Generations that were made before journeys could be asked for get the indexes. */
export class Journeys1764000000005 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const { schema } of await generations(runner)) {
      await runner.query(`alter table ${schema}.node add column if not exists ${ACCOUNT}`)
      await runner.query(journeyIndexes(schema))
    }
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const { schema } of await generations(runner))
      for (const index of ['node_account', 'deal_account', 'deal_person'])
        await runner.query(`drop index ${schema}.${index}`)
  }
}
