import type { MigrationInterface, QueryRunner } from 'typeorm'

/**
 * What may hold personal data, apart from the log and as a rule with an owner of its own. `if not exists`: earlier versions
 * made the table with the store.
 */
export class Vault1764000000004 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table if not exists vault.raw (
        id bigint generated always as identity primary key,
        received_at timestamptz(3) not null default clock_timestamp(),
        body text not null
      );
      create index if not exists raw_received on vault.raw (received_at);

      -- as the owner, so that who forgets need not be able to read
      create function vault.forget_raw(most int) returns int
      language sql security definer set search_path = '' as $$
        with old as (
          select id from vault.raw where received_at < clock_timestamp() - interval '30 days'
          order by received_at limit most for update skip locked
        ),
        gone as (delete from vault.raw r using old where r.id = old.id returning r.id)
        select count(*)::int from gone
      $$;
      revoke execute on function vault.forget_raw from public;
    `)
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop function vault.forget_raw; drop table vault.raw')
  }
}
