import type { MigrationInterface, QueryRunner } from 'typeorm'
import { generations } from './generations.js'

/** Rolls of generations that were made before lie slice by slice in their index, as those of new ones do. */
export class RollSlices1764000000012 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await indexed(runner, 'slice, dimension, measure, cohort, span')
  }

  async down(runner: QueryRunner): Promise<void> {
    await indexed(runner, 'dimension, measure, cohort, slice, span')
  }
}

async function indexed(runner: QueryRunner, columns: string): Promise<void> {
  for (const { schema } of await generations(runner))
    await runner.query(
      `drop index if exists ${schema}.roll_cell; create index roll_cell on ${schema}.roll (${columns})`,
    )
}
