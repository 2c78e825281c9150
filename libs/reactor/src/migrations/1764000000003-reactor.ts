import type { MigrationInterface, QueryRunner } from 'typeorm'

/** What reactors keep: their place in the log, their states, their timers. */
export class Reactor1764000000003 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create schema if not exists reactor;
      create table reactor.reactor (
        name text primary key,
        epoch uuid not null,                       -- the log it has read
        fold bigint not null default 0,            -- the fence: grows with every transaction
        positions jsonb not null default '{}',
        w timestamptz(3),                          -- everything recorded up to here is taken in
        quiet_until timestamptz(3)                 -- what was known by then is taken in and leads to nothing
      );
      create table reactor.state (
        reactor text not null,
        key text not null,
        state jsonb not null,
        primary key (reactor, key)
      );
      create table reactor.timer (
        reactor text not null,
        id text not null,
        due timestamptz(3) not null,
        cause jsonb not null,
        data jsonb not null,
        primary key (reactor, id)
      );
      create index timer_due on reactor.timer (reactor, due);
    `)
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table reactor.timer, reactor.state, reactor.reactor')
  }
}
