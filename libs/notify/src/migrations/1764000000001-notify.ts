import type { MigrationInterface, QueryRunner } from 'typeorm'

/** Notifications, one row for each event and destination, and when destinations may be asked again. */
export class Notify1764000000001 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create schema if not exists notify;
      create table notify.delivery (
        id uuid primary key,                       -- made of event and destination; receivers tell repeats by it
        event uuid not null,
        destination text not null,
        type text not null,                        -- of the event
        occurred timestamptz(3) not null,
        data jsonb not null,                       -- of the event: ids, no personal data
        state text not null default 'waiting' check (state in ('waiting', 'sent', 'dead')),
        attempts integer not null default 0,
        due timestamptz(3) not null default clock_timestamp(),  -- while it is being sent: when it is tried again if nobody says how it went
        created timestamptz(3) not null default clock_timestamp(),
        ended timestamptz(3),
        reason text,                               -- why the last attempt failed
        unique (event, destination)
      );
      create index delivery_waiting on notify.delivery (destination, due) where state = 'waiting';
      create index delivery_dead on notify.delivery (ended) where state = 'dead';
      create table notify.destination (
        id text primary key,
        open_at timestamptz(3) not null default clock_timestamp()  -- not asked before that
      );
    `)
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table notify.delivery, notify.destination')
  }
}
