import type { MigrationInterface, QueryRunner } from 'typeorm'
import { introduce, LOCK } from './1764000000007-profiles.js'

/**
 * Introductions wait for each other in one order, whatever they know a person by: those of the same persons, by e-mail here
 * and by telephone there, waited in a circle, a second each time.
 */
export class IntroduceInOrder1764000000014 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(inOrder)
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(introduce)
  }
}

/**
 * Finds or makes the person of each entry and keeps what is told of them; the person is null where it is suppressed. An
 * address belongs to the first person that it was told of. What later events tell comes in place of what earlier ones told.
 *
 * First who makes an address known waits for the others who do, so that nobody waits for an address; then the profiles are
 * written in the order of their persons.
 */
const inOrder = `
  create or replace function vault.introduce(entries json)
  returns table (ord int, person text)
  language plpgsql security definer set search_path = '' as $$
  #variable_conflict use_column
  declare
    e record;
    who text;
    persons text[];
    told jsonb[];
    times timestamptz[];
  begin
    perform pg_advisory_xact_lock_shared(${LOCK});
    if exists (
      select from json_to_recordset(entries) x (email bytea, phone bytea) cross join lateral (values (x.email), (x.phone)) a (hmac)
      where a.hmac is not null and (select l.hmac from vault.lookup l where l.hmac = a.hmac) is null
    ) then
      perform pg_advisory_xact_lock(7009, 0);
    end if;

    for e in
      select x.* from json_to_recordset(entries) x (
        ord int, person text, self bytea, email bytea, phone bytea, minted text, data jsonb, told_at timestamptz)
    loop
      ord := e.ord;
      person := null;
      if exists (select from vault.suppressed s where s.hmac in (e.self, e.email, e.phone)) then
        return next;
        continue;
      end if;
      who := coalesce(
        e.person,
        (select l.person from vault.lookup l where l.hmac = e.email),
        (select l.person from vault.lookup l where l.hmac = e.phone));
      if who is not null and store.profile_withheld(who) then
        person := who;
        return next;
        continue;
      end if;
      who := coalesce(who, e.minted);
      insert into vault.lookup (hmac, kind, person)
      select a.hmac, a.kind, who from (values (e.email, 'email'), (e.phone, 'phone')) a (hmac, kind) where a.hmac is not null
      on conflict do nothing;
      persons := persons || who;
      told := told || e.data;
      times := times || e.told_at;
      person := who;
      return next;
    end loop;

    for e in
      select p.* from unnest(persons, told, times) with ordinality p (person, data, told_at, nth) order by p.person, p.nth
    loop
      insert into vault.profile as p (person, data, told_at) values (e.person, e.data, e.told_at)
      on conflict (person) do update set
        data = case when excluded.told_at >= p.told_at then p.data || excluded.data else excluded.data || p.data end,
        told_at = greatest(p.told_at, excluded.told_at),
        updated_at = clock_timestamp();
    end loop;
  end $$;
`
