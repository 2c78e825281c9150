import { randomBytes } from 'node:crypto'
import type { MigrationInterface, QueryRunner } from 'typeorm'

/** Personal data: who is known by which address, what they told, notes about them, and who is not to be kept any more. */
export class Vault1764000000005 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table vault.meta (
        one boolean primary key default true check (one),
        key bytea not null                                  -- keys the HMACs of addresses
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
    `)
    await runner.query('insert into vault.meta (key) values ($1)', [randomBytes(32)])
    await runner.query(introduce)
    await runner.query(keepNote)
    await runner.query(reject)
    await runner.query(erase)
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop function vault.erase(text[], bytea[]);
      drop function store.reject(json);
      drop function vault.keep_note(uuid, text, text, bytea);
      drop function vault.introduce(json);
      drop table vault.suppressed, vault.note, vault.lookup, vault.profile, vault.meta;
    `)
  }
}

/**
 * Whoever keeps personal data holds this lock with others, whoever erases holds it alone: so nothing is kept after an
 * erasure by one who looked at the suppression list before.
 */
const LOCK = '7002, 0'

/**
 * Finds or makes the person of each entry and keeps what is told of them; the person is null where it is suppressed. An
 * address belongs to the first person that it was told of. What later events tell comes in place of what earlier ones told.
 */
const introduce = `
  create function vault.introduce(entries json)
  returns table (ord int, person text)
  language plpgsql as $$
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
      -- the latest word of the person on a profile
      if (select (k.envelope #>> '{data,purposes,profile}')::boolean from store.event k
          where k.stream = 'person-' || who and k.type = 'person.consent-recorded' and k.envelope #> '{data,purposes}' ? 'profile'
          order by k.envelope ->> 'time' desc, k.version desc limit 1) is false then
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

/** Keeps a note, unless it is about a person who is suppressed. */
const keepNote = `
  create function vault.keep_note(note uuid, about text, text text, self bytea)
  returns void
  language plpgsql as $$
  begin
    perform pg_advisory_xact_lock_shared(${LOCK});
    insert into vault.note (id, stream, body)
    select note, about, text where not exists (select from vault.suppressed s where s.hmac = self)
    on conflict do nothing;
  end $$;
`

/** Keeps refused input: the reason always, the body unless it names somebody who is suppressed. */
const reject = `
  create function store.reject(rejections json)
  returns void
  language plpgsql as $$
  declare
    r record;
    known boolean;
    kept bigint;
  begin
    perform pg_advisory_xact_lock_shared(${LOCK});
    for r in
      select x.* from json_to_recordset(rejections) x (
        source text, code text, field text, message text, body text, named bytea[])
    loop
      known := exists (select from vault.suppressed s where s.hmac = any (r.named));
      kept := null;
      if not known then
        insert into vault.raw (body) values (r.body) returning id into kept;
      end if;
      insert into store.rejected_event (source, code, field, message, raw)
      values (r.source, r.code, case when known then null else r.field end,
        case when known then 'it named a person who was erased, and is not kept' else r.message end, kept);
    end loop;
  end $$;
`

/**
 * Forgets persons and the notes about them: about their own streams and about all that name them or a visitor who is one of
 * them. Suppresses their addresses and ids.
 */
const erase = `
  create function vault.erase(persons text[], selves bytea[])
  returns table (profiles bigint, lookups bigint, notes bigint)
  language plpgsql as $$
  begin
    perform pg_advisory_xact_lock(${LOCK});
    insert into vault.suppressed (hmac, kind)
    select l.hmac, l.kind from vault.lookup l where l.person = any (persons)
    union all select self, 'person' from unnest(selves) self
    on conflict do nothing;
    return query
    with p as (delete from vault.profile where person = any (persons) returning 1),
      l as (delete from vault.lookup where person = any (persons) returning 1),
      n as (
        delete from vault.note n
        where n.stream in (select 'person-' || id from unnest(persons) id)
          or exists (
            select from store.event e
            where e.stream = n.stream and (
              e.envelope #>> '{data,person}' = any (persons)
              or exists (
                select from store.event i
                where i.stream = 'visitor-' || (e.envelope #>> '{data,visitor}') and i.envelope #>> '{data,person}' = any (persons))))
        returning 1)
    select (select count(*) from p), (select count(*) from l), (select count(*) from n);
  end $$;
`
