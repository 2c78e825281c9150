import { randomBytes, randomUUID } from 'node:crypto'
import type { MigrationInterface, QueryRunner } from 'typeorm'

/** The event table, its lock, its head, and what was refused; bodies are in the vault, which is there before. */
export class Store1764000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create schema if not exists store;

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
    await runner.query(tail)
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop function store.tail(smallint[], smallint[], bigint[], bigint[], bigint[], bigint[], bigint);
      drop function store.append(json, jsonb, json);
      drop type store.incoming;
      drop table store.import, store.write_key, store.rejected_event, store.head, store.event, store.meta;
    `)
  }
}

/**
 * The append. Every statement of the function has a snapshot of its own, so what is read after the locks is what the
 * last holder of each lock committed.
 */
export const append = `
  create type store.incoming as (
    ord int, topic smallint, partition smallint, stream text, id uuid, hash bytea,
    copy boolean -- null for the first event of its id in this call, else whether its content is that of the first
  );

  create function store.append(keys json, envelopes jsonb, expected json)
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
  begin
    -- an older snapshot than the locks would give positions twice and times below the watermark
    if current_setting('transaction_isolation') <> 'read committed' then
      raise exception 'store.append needs read committed, not %', current_setting('transaction_isolation');
    end if;
    select array_agg(x order by x.ord) into items from json_populate_recordset(null::store.incoming, keys) x;

    -- lock: positions are given one writer at a time per partition, always in the same order
    perform pg_advisory_xact_lock(7001, key)
    from (select distinct i.topic * 1000 + i.partition as key from unnest(items) i order by 1) partitions;

    -- read the floor and the clock after the locks: the watermark promises that nothing is stamped below the floor
    select greatest(date_trunc('milliseconds', clock_timestamp()), m.floor) into stamp from store.meta m;

    -- check: the versions that a decision was based on, for the streams that get something new
    if expected::text <> '{}' then
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
    end if;

    -- insert what is not known, with the next positions and versions. Windows and look-ups row by row instead of joins:
    -- linear in the number of events, whatever the planner expects.
    return query
    with seen as (
      select i.*, i.copy is null and not exists (select from store.event k where k.id = i.id) as fresh
      from unnest(items) i
      offset 0 -- looked up once
    ),
    in_stream as (
      select s.*, count(*) filter (where s.fresh) over (partition by s.stream order by s.ord) as nth_of_stream
      from seen s
    ),
    versioned as (
      select s.*, s.nth_of_stream::int + coalesce(max(case when s.fresh and s.nth_of_stream = 1 then (
          select e.version from store.event e where e.stream = s.stream order by e.version desc limit 1) end)
          over (partition by s.stream), 0) as version
      from in_stream s
    ),
    in_partition as (
      select v.*, count(*) filter (where v.fresh) over (partition by v.topic, v.partition order by v.ord) as nth
      from versioned v
    ),
    placed as (
      select n.*,
        n.nth + coalesce(max(case when n.fresh and n.nth = 1 then (
          select e.position from store.event e where e.topic = n.topic and e.partition = n.partition
          order by e.position desc limit 1) end) over p, 0) as position,
        greatest(stamp, max(case when n.fresh and n.nth = 1 then (
          select e.recorded_at from store.event e where e.topic = n.topic and e.partition = n.partition
          order by e.position desc limit 1) end) over p) as recorded_at
      from in_partition n
      window p as (partition by n.topic, n.partition)
    ),
    inserted as (
      insert into store.event (topic, partition, position, stream, version, id, type, recorded_at, hash, envelope)
      select f.topic, f.partition, f.position, f.stream, f.version, f.id, envelopes -> f.ord ->> 'type', f.recorded_at, f.hash,
        envelopes -> f.ord
      from placed f where f.fresh
    ),
    known as (
      select p.ord, p.id, k.*,
        case when coalesce(k.hash = p.hash, p.copy) then 'duplicate' else 'conflict' end as outcome
      from placed p
      left join lateral (
        select e.topic, e.partition, e.position, e.stream, e.version, e.recorded_at, e.hash, e.envelope
        from store.event e where e.id = p.id limit 1) k on true
      where not p.fresh
    ),
    -- kept as evidence: the same id with other content
    clash as materialized (
      select k.ord, k.id, envelopes -> k.ord as sent, nextval('vault.raw_id_seq') as raw from known k where k.outcome = 'conflict' order by k.ord
    ),
    kept as (
      insert into vault.raw (id, body) overriding system value select c.raw, c.sent::text from clash c
    ),
    noted as (
      insert into store.rejected_event (source, code, message, event_id, raw)
      select c.sent ->> 'source', 'CONFLICT', 'the same id was recorded before with other content', c.id, c.raw from clash c order by c.ord
    )
    select p.ord, 'recorded', p.topic, p.partition, p.position, p.stream, p.version,
      (extract(epoch from p.recorded_at) * 1000)::bigint, null::jsonb
    from placed p where p.fresh
    union all
    select k.ord, k.outcome, k.topic, k.partition, k.position, k.stream, k.version,
      (extract(epoch from k.recorded_at) * 1000)::bigint, k.envelope
    from known k;
  end $$;
`

/**
 * The first events of the total order that lie after one place and up to another: per pending partition its topic,
 * number, and both positions; then both places flat, partition p of topic t at (t − 1) × 16 + p + 1. Scans the index of
 * the total order from the earliest first pending record of any partition, each found by key, so that a catch-up over
 * many partitions reads about what it returns. A function, because the planner knows nothing of how dense the pending
 * events lie and would rather read and sort them all, for every page again.
 */
const tail = `
  create function store.tail(
    topics smallint[], partitions smallint[], afters bigint[], uptos bigint[], after_slots bigint[], upto_slots bigint[],
    most bigint
  )
  returns setof store.event
  language sql stable
  set enable_seqscan = off set enable_bitmapscan = off set enable_sort = off set enable_incremental_sort = off
  as $$
    with span as materialized (
      select min(f.recorded_at) as first, max(l.recorded_at) as last
      from unnest(topics, partitions, afters, uptos) p (topic, partition, after, upto)
      left join lateral (
        select e.recorded_at from store.event e
        where e.topic = p.topic and e.partition = p.partition and e.position = p.after + 1 limit 1) f on true
      left join lateral (
        select e.recorded_at from store.event e
        where e.topic = p.topic and e.partition = p.partition and e.position = p.upto limit 1) l on true
    )
    select e.* from store.event e
    where e.recorded_at >= (select first from span) and e.recorded_at <= (select last from span)
      and e.position > after_slots[(e.topic - 1) * 16 + e.partition + 1]
      and e.position <= upto_slots[(e.topic - 1) * 16 + e.partition + 1]
    order by e.recorded_at, e.topic, e.partition, e.position
    limit most
  $$;
`
