import type { MigrationInterface, QueryRunner } from 'typeorm'

/**
 * Generations that do not count each lead that was sent back, as where the stage it was sent to stands after the others:
 * what such leads add depends on all their facts, so those generations are replaced. The projector folds the log into a new
 * one. Where every one is counted, now and from when it was recorded on, or no lead was sent back, they stay.
 */
export class SentBack1764000000019 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    const standing = (await runner.query(`select schema from read.generation where state <> 'retired'`)) as {
      readonly schema: string
    }[]
    for (const { schema } of standing)
      await runner.query(
        `update read.generation set state = 'retired', fold = fold + 1 where schema = '${schema}' and exists (
           select from ${schema}.fact f cross join lateral (
             select sum(amount) as now, sum(amount) filter (where e.recorded_at <= f.recorded_at) as at_once from ${schema}.entry e
             where measure = 'lead.recycled' and e.occurred_at = f.occurred_at and subject_kind = 'lead' and subject = f.data->>'lead') counted
           where type = 'lead.recycled' and least(coalesce(now, 0), coalesce(at_once, 0)) < 1)`,
      )
  }

  async down(): Promise<void> {
    // the next fold is anew in either case
  }
}
