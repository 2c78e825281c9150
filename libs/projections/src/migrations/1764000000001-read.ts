import type { MigrationInterface, QueryRunner } from 'typeorm'

/** Which generations of the read models there are, and which of them is live. */
export class Read1764000000001 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create schema if not exists read;
      create sequence read.generation_id as int;           -- an id is never given twice: schemas and caches are named by it
      create table read.generation (
        id int primary key,
        schema text not null unique,
        state text not null check (state in ('building', 'live', 'retired')),
        definitions jsonb not null,
        definitions_hash text not null,
        epoch uuid not null,                       -- the log it was folded from
        fold bigint not null default 0,            -- the fence: grows with every transaction of its folder
        w timestamptz(3),                          -- everything recorded up to here is folded
        positions jsonb not null default '{}',
        parked int not null default 0,             -- subjects that are not folded any more
        events_done bigint not null default 0,
        events_total bigint,
        created_at timestamptz(3) not null default clock_timestamp(),
        switched_at timestamptz(3)
      );
      create unique index one_live on read.generation (state) where state = 'live';
    `)
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table read.generation; drop sequence read.generation_id')
  }
}
