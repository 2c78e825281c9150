import { randomBytes } from 'node:crypto'
import type { MigrationInterface, QueryRunner } from 'typeorm'

/**
 * Personal data: who is known by which address, what was told, notes, and who is not to be kept any more. Others come to it
 * by these functions only, which run as the vault's owner: so who keeps and erases need not be able to read.
 */
export class Profiles1764000000007 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table vault.meta (
        one boolean primary key default true check (one),
        key bytea not null                                  -- keys the HMACs
      );

      create table vault.profile (
        person text primary key,
        data jsonb not null,
        told_at timestamptz(3) not null,                    -- when the latest event happened that told of it
        updated_at timestamptz(3) not null default clock_timestamp()
      );

      create table vault.lookup (
        hmac bytea primary key,                             -- of the normalised address
        kind text not null check (kind in ('email', 'phone')),
        person text not null
      );
      create index lookup_person on vault.lookup (person);

      create table vault.note (
        id uuid primary key,
        stream text not null,                               -- what it is about
        body text not null,
        kept_at timestamptz(3) not null default clock_timestamp()
      );
      create index note_stream on vault.note (stream);

      create table vault.suppressed (
        hmac bytea primary key,                             -- of an address or id whose personal data is not to be kept
        kind text not null check (kind in ('email', 'phone', 'person')),
        since timestamptz(3) not null default clock_timestamp()
      );

      alter table vault.raw add named bytea[] not null default '{}'; -- HMACs of the addresses in the body
    `)
    await runner.query('insert into vault.meta (key) values ($1)', [randomBytes(32)])
    for (const made of [introduce, keepNote, keepBody, noteStreams, erase, bodiesOf, forgetBodies])
      await runner.query(made)
    await runner.query(`
      revoke execute on function vault.introduce, vault.keep_note, vault.keep_body, vault.note_streams, vault.erase, vault.bodies_of,
        vault.forget_bodies from public`)
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop function vault.introduce, vault.keep_note, vault.keep_body, vault.note_streams, vault.erase, vault.bodies_of, vault.forget_bodies;
      alter table vault.raw drop named;
      drop table vault.suppressed, vault.note, vault.lookup, vault.profile, vault.meta;
    `)
  }
}

/**
 * Whoever keeps personal data holds this lock with others, whoever erases holds it alone: so nothing is kept after an
 * erasure by one who looked at the suppression list before.
 */
export const LOCK = '7002, 0'

/**
 * Finds or makes the person of each entry and keeps what is told of them; the person is null where it is suppressed. An
 * address belongs to the first person that it was told of. What later events tell comes in place of what earlier ones told.
 */
export const introduce = `
  create or replace function vault.introduce(entries json)
  returns table (ord int, person text)
  language plpgsql security definer set search_path = '' as $$
  #variable_conflict use_column
  declare
    e record;
    who text;
  begin
    perform pg_advisory_xact_lock_shared(${LOCK});
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
      -- one address after the other: whoever else tells of it at this moment may be first, and is then followed
      if e.email is not null then
        insert into vault.lookup (hmac, kind, person) values (e.email, 'email', coalesce(who, e.minted)) on conflict do nothing;
        who := coalesce(who, (select l.person from vault.lookup l where l.hmac = e.email));
      end if;
      if e.phone is not null then
        insert into vault.lookup (hmac, kind, person) values (e.phone, 'phone', coalesce(who, e.minted)) on conflict do nothing;
        who := coalesce(who, (select l.person from vault.lookup l where l.hmac = e.phone));
      end if;
      who := coalesce(who, e.minted);
      insert into vault.profile as p (person, data, told_at) values (who, e.data, e.told_at)
      on conflict (person) do update set
        data = case when excluded.told_at >= p.told_at then p.data || excluded.data else excluded.data || p.data end,
        told_at = greatest(p.told_at, excluded.told_at),
        updated_at = clock_timestamp();
      person := who;
      return next;
    end loop;
  end $$;
`

/** Keeps a note, once, unless it is about a person who is suppressed. */
const keepNote = `
  create function vault.keep_note(note uuid, about text, text text, self bytea)
  returns void
  language plpgsql security definer set search_path = '' as $$
  begin
    perform pg_advisory_xact_lock_shared(${LOCK});
    insert into vault.note (id, stream, body)
    select note, about, text where not exists (select from vault.suppressed s where s.hmac = self)
    on conflict do nothing;
  end $$;
`

/** Keeps the body of refused input and gives its number, null where it names somebody who is suppressed. */
const keepBody = `
  create function vault.keep_body(text text, names bytea[])
  returns bigint
  language plpgsql security definer set search_path = '' as $$
  declare
    kept bigint;
  begin
    perform pg_advisory_xact_lock_shared(${LOCK});
    insert into vault.raw (body, named)
    select text, names where not exists (select from vault.suppressed s where s.hmac = any (names))
    returning id into kept;
    return kept;
  end $$;
`

/** What there are notes about, so that the store can tell which of it is whose. */
const noteStreams = `
  create function vault.note_streams()
  returns setof text
  language sql stable security definer set search_path = '' as $$
    select distinct stream from vault.note
  $$;
`

/** Forgets persons and the notes about streams, and suppresses the persons' addresses and ids. Gives what was removed. */
const erase = `
  create function vault.erase(persons text[], selves bytea[], streams text[])
  returns table (profiles bigint, lookups bigint, notes bigint)
  language plpgsql security definer set search_path = '' as $$
  begin
    perform pg_advisory_xact_lock(${LOCK});
    insert into vault.suppressed (hmac, kind)
    select l.hmac, l.kind from vault.lookup l where l.person = any (persons)
    union all select self, 'person' from unnest(selves) self
    on conflict do nothing;
    return query
    with p as (delete from vault.profile where person = any (persons) returning 1),
      l as (delete from vault.lookup where person = any (persons) returning 1),
      n as (delete from vault.note where stream = any (streams) returning 1)
    select (select count(*) from p), (select count(*) from l), (select count(*) from n);
  end $$;
`

/**
 * The bodies of refused input that name one of these persons by id, or by an address anybody who is suppressed, so that an
 * erasure that was broken off is made up for.
 */
const bodiesOf = `
  create function vault.bodies_of(persons text[])
  returns setof bigint
  language sql stable security definer set search_path = '' as $$
    select r.id from vault.raw r
    where exists (select from vault.suppressed s where s.hmac = any (r.named))
      or exists (select from unnest(persons) id where strpos(r.body, to_json(id)::text) > 0)
  $$;
`

const forgetBodies = `
  create function vault.forget_bodies(ids bigint[])
  returns void
  language sql security definer set search_path = '' as $$
    delete from vault.raw where id = any (ids)
  $$;
`
