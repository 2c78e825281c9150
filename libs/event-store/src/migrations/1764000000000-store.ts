import { randomBytes, randomUUID } from 'node:crypto'
import type { MigrationInterface, QueryRunner } from 'typeorm'

/** The event table, its lock, its head, and what was refused; personal data apart in `vault`. */
export class Store1764000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create schema if not exists store;
      create schema if not exists vault;

      create table store.meta (
        one boolean primary key default true check (one),
        epoch uuid not null,                                -- which log this is; a restored backup is another
        hash_key bytea not null,                            -- keys the content hashes
        floor timestamptz(3) not null default '-infinity'   -- nothing is recorded before it any more
      );

      create table store.event (
        topic smallint not null,
        partition smallint not null,
        position bigint not null,
        stream text not null,
        version int not null,
        id uuid not null,
        type text not null,
        recorded_at timestamptz(3) not null,
        hash bytea not null,
        envelope jsonb not null,
        primary key (topic, partition, position),
        constraint event_id unique (id),
        constraint event_version unique (stream, version)
      );
      create index event_order on store.event (recorded_at, topic, partition, position);

      create table store.head (
        one boolean primary key default true check (one),
        w timestamptz(3) not null,
        positions jsonb not null,
        epoch uuid not null
      );

      create table vault.raw (
        id bigint generated always as identity primary key,
        received_at timestamptz(3) not null default clock_timestamp(),
        body text not null
      );
      create index raw_received on vault.raw (received_at);

      create table store.rejected_event (
        id bigint generated always as identity primary key,
        received_at timestamptz(3) not null default clock_timestamp(),
        source text not null,
        code text not null,
        field text,
        message text not null,
        event_id uuid,
        raw bigint references vault.raw (id) on delete set null
      );

      create table store.write_key (
        hash bytea primary key,
        source text not null,
        created_at timestamptz(3) not null default clock_timestamp(),
        revoked_at timestamptz(3)
      );

      create table store.import (
        id text primary key,
        file text not null,
        mapping_hash text not null,
        rows_done bigint not null default 0,
        state text not null default 'running',
        updated_at timestamptz(3) not null default clock_timestamp()
      );
    `)
    await runner.query(`insert into store.meta (epoch, hash_key) values ($1, $2)`, [randomUUID(), randomBytes(32)])
    await runner.query(append)
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop function store.append(json, json);
      drop type store.incoming;
      drop table store.import, store.write_key, store.rejected_event, vault.raw, store.head, store.event, store.meta;
      drop schema vault;
    `)
  }
}

/**
 * The append. Every statement of the function has a snapshot of its own, so what is read after the locks is what the
 * last holder of each lock committed.
 */
const append = `
  create type store.incoming as (
    ord int, topic smallint, partition smallint, stream text, id uuid, type text, hash bytea, source text, envelope jsonb
  );

  create function store.append(input json, expected json)
  returns table (
    ord int, outcome text, topic smallint, partition smallint, "position" bigint, stream text, version int,
    recorded_ms bigint, envelope jsonb
  )
  language plpgsql as $$
  #variable_conflict use_column
  declare
    items store.incoming[];
    stamp timestamptz;
    behind record;
    clash record;
    kept bigint;
  begin
    select array_agg(x order by x.ord) into items from json_populate_recordset(null::store.incoming, input) x;

    -- lock: positions are given one writer at a time per partition, always in the same order
    perform pg_advisory_xact_lock(7001, key)
    from (select distinct i.topic * 1000 + i.partition as key from unnest(items) i order by 1) partitions;

    -- read the floor and the clock after the locks: the watermark promises that nothing is stamped below the floor
    select greatest(date_trunc('milliseconds', clock_timestamp()), m.floor) into stamp from store.meta m;

    -- check: the versions that a decision was based on, for the streams that get something new
    for behind in
      select e.key as stream, e.value::int as expected, coalesce(
        (select k.version from store.event k where k.stream = e.key order by k.version desc limit 1), 0) as actual
      from json_each_text(expected) e
      where exists (
        select from unnest(items) i where i.stream = e.key and not exists (select from store.event k where k.id = i.id))
    loop
      if behind.expected <> behind.actual then
        raise exception 'version conflict' using errcode = 'FN001',
          detail = json_build_object('stream', behind.stream, 'expected', behind.expected, 'actual', behind.actual)::text;
      end if;
    end loop;

    -- insert: what is not known, once, with the next positions and versions
    return query
    with fresh as (
      select i.*,
        row_number() over (partition by i.topic, i.partition order by i.ord) as nth,
        row_number() over (partition by i.stream order by i.ord) as nth_of_stream
      from (select distinct on (u.id) u.* from unnest(items) u order by u.id, u.ord) i
      where not exists (select from store.event k where k.id = i.id)
    ),
    last as (
      select p.topic, p.partition, l.position, l.recorded_at
      from (select distinct f.topic, f.partition from fresh f) p
      left join lateral (
        select e.position, e.recorded_at from store.event e
        where e.topic = p.topic and e.partition = p.partition order by e.position desc limit 1) l on true
    ),
    streams as (
      select s.stream, l.version
      from (select distinct f.stream from fresh f) s
      left join lateral (
        select e.version from store.event e where e.stream = s.stream order by e.version desc limit 1) l on true
    ),
    inserted as (
      insert into store.event (topic, partition, position, stream, version, id, type, recorded_at, hash, envelope)
      select f.topic, f.partition, coalesce(l.position, 0) + f.nth, f.stream, coalesce(s.version, 0) + f.nth_of_stream,
        f.id, f.type, greatest(stamp, l.recorded_at), f.hash, f.envelope
      from fresh f
      join last l on l.topic = f.topic and l.partition = f.partition
      join streams s on s.stream = f.stream
      order by f.topic, f.partition, f.nth
      returning *
    )
    select i.ord,
      case when n.id is not null and i.ord = (select min(j.ord) from fresh j where j.id = i.id) then 'recorded'
           when coalesce(n.hash, k.hash) = i.hash then 'duplicate' else 'conflict' end,
      coalesce(n.topic, k.topic), coalesce(n.partition, k.partition), coalesce(n.position, k.position),
      coalesce(n.stream, k.stream), coalesce(n.version, k.version),
      (extract(epoch from coalesce(n.recorded_at, k.recorded_at)) * 1000)::bigint,
      k.envelope
    from unnest(items) i
    left join inserted n on n.id = i.id
    left join store.event k on k.id = i.id
    order by i.ord;

    -- keep as evidence: the same id with other content
    for clash in
      select i.* from unnest(items) i join store.event k on k.id = i.id where k.hash <> i.hash order by i.ord
    loop
      insert into vault.raw (body) values (clash.envelope::text) returning id into kept;
      insert into store.rejected_event (source, code, message, event_id, raw)
      values (clash.source, 'CONFLICT', 'the same id was recorded before with other content', clash.id, kept);
    end loop;
  end $$;
`
