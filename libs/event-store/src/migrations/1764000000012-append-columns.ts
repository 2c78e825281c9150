import type { MigrationInterface, QueryRunner } from 'typeorm'
import { appendOf, incoming } from './1764000000010-append-once.js'

/**
 * The append takes a column of each thing that is known of its events, looks a partition or stream up once however many of
 * its events there are, and leaves to the caller what he can count himself: a call of a thousand takes a tenth less time.
 */
export class AppendColumns1764000000012 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('drop function store.append; drop type store.incoming')
    await runner.query(appendWith(''))
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop function store.append')
    await runner.query(incoming)
    await runner.query(appendOf('store.incoming[]'))
  }
}

/**
 * The append. Takes
 * - the partitions of its events, each once, as topic and partition; and their streams, each once;
 * - of each event which of these are its own, counted from 1, and which of their events it is, if all are new; its id, its
 *   stream (by its number it would be sought from the beginning of `streams` each time), type and hash; and whether its
 *   content is that of the first event of its id in this call, null for the first;
 * - the envelopes; and the streams that a decision rests on with the versions they must have (`[]` for observations).
 *
 * Gives for each partition the last position before this call and the recorded time of the new events, for each stream the
 * last version before it, and for each event that is known already what the log has under its id.
 *
 * Every statement of the function has a snapshot of its own, so what is read after the locks is what the last holder of
 * each lock committed. Look-ups of single rows are subqueries with a limit: an `exists` or a join would be planned as a
 * scan of the whole table while the table is new and the planner thinks it empty.
 *
 * `order` is the one in which the events are written.
 */
export const appendWith = (order: '' | ' order by topics[i.p], partitions[i.p], i.nth_p'): string => `
  create or replace function store.append(topics smallint[], partitions smallint[], streams text[], of_partition int[], of_stream int[],
    in_partition int[], in_stream int[], ids uuid[], names text[], types text[], hashes bytea[], copies boolean[],
    envelopes jsonb, expected json) returns json
  language plpgsql as $$
  declare
    stamp timestamptz;
    unmet record;
    found json;
    ords int[];
    places bigint[];
    stamps timestamptz[];
    versions int[];
  begin
    -- an older snapshot than the locks would give positions twice and times below the watermark
    if current_setting('transaction_isolation') <> 'read committed' then
      raise exception 'store.append needs read committed, not %', current_setting('transaction_isolation');
    end if;

    -- lock: positions are given one writer at a time per partition, always in the same order
    perform pg_advisory_xact_lock(7001, key)
    from (
      select p.topic * 1000 + p.partition as key from unnest(topics, partitions) p (topic, partition)
      union select e.topic * 1000 + e.partition from json_to_recordset(expected) e (topic int, partition int)
      order by 1) keys;

    for unmet in
      select e.stream, e.version as expected, coalesce(
        (select k.version from store.event k where k.stream = e.stream order by k.version desc limit 1), 0) as actual
      from json_to_recordset(expected) e (stream text, version int)
    loop
      if unmet.expected <> unmet.actual then
        raise exception 'version conflict' using errcode = 'FN001', detail = to_json(unmet)::text;
      end if;
    end loop;

    -- read the floor and the clock after the locks: the watermark promises that nothing is stamped below the floor
    select greatest(date_trunc('milliseconds', clock_timestamp()), m.floor) into stamp from store.meta m;

    -- what is known by its id
    for unmet in
      select i.id from unnest(ids, copies) with ordinality i (id, copy, ord)
      where i.copy is not null or (select k.id from store.event k where k.id = i.id limit 1) is not null
      order by i.ord limit 1
    loop
      if json_array_length(expected) > 0 then
        raise exception 'known id' using errcode = 'FN002', detail = to_json(unmet)::text;
      end if;

      with known as (
        select (i.ord - 1)::int as ord, i.id, k.topic, k.partition, k.position, k.stream, k.version, k.recorded_at, k.envelope,
          case when coalesce(k.hash = i.hash, i.copy) then 'duplicate' else 'conflict' end as outcome
        from unnest(ids, hashes, copies) with ordinality i (id, hash, copy, ord)
        left join lateral (select e.* from store.event e where e.id = i.id limit 1) k on true
        where i.copy is not null or k.id is not null
      ),
      -- kept as evidence: the same id with other content
      clash as materialized (
        select k.id, envelopes -> k.ord as sent, nextval('vault.raw_id_seq') as raw
        from known k where k.outcome = 'conflict' order by k.ord
      ),
      kept as (
        insert into vault.raw (id, body) overriding system value select c.raw, c.sent::text from clash c
      ),
      noted as (
        insert into store.rejected_event (source, code, message, event_id, raw)
        select c.sent ->> 'source', 'CONFLICT', 'the same id was recorded before with other content', c.id, c.raw
        from clash c order by c.raw
      )
      select json_agg(json_build_object('ord', k.ord, 'outcome', k.outcome, 'topic', k.topic, 'partition', k.partition,
        'position', k.position, 'stream', k.stream, 'version', k.version,
        'recorded_ms', (extract(epoch from k.recorded_at) * 1000)::bigint, 'envelope', k.envelope))
      into found from known k;

      -- the others move up
      select array_agg((i.ord - 1)::int order by i.ord), array_agg(i.p order by i.ord), array_agg(i.s order by i.ord),
        array_agg(i.nth_p order by i.ord), array_agg(i.nth_s order by i.ord), array_agg(i.id order by i.ord),
        array_agg(i.stream order by i.ord), array_agg(i.type order by i.ord), array_agg(i.hash order by i.ord)
      into ords, of_partition, of_stream, in_partition, in_stream, ids, names, types, hashes
      from (
        select i.*, row_number() over (partition by i.p order by i.ord)::int as nth_p,
          row_number() over (partition by i.s order by i.ord)::int as nth_s
        from unnest(of_partition, of_stream, ids, names, types, hashes, copies) with ordinality i (p, s, id, stream, type, hash, copy, ord)
        where i.copy is null and (select k.id from store.event k where k.id = i.id limit 1) is null
      ) i;
    end loop;

    select array_agg(coalesce(l.position, 0) order by p.nth), array_agg(greatest(stamp, l.recorded_at) order by p.nth)
    into places, stamps
    from unnest(topics, partitions) with ordinality p (topic, partition, nth)
    left join lateral (
      select e.position, e.recorded_at from store.event e where e.topic = p.topic and e.partition = p.partition
      order by e.position desc limit 1) l on true;

    select array_agg(coalesce(
      (select e.version from store.event e where e.stream = s.stream order by e.version desc limit 1), 0) order by s.nth)
    into versions from unnest(streams) with ordinality s (stream, nth);

    insert into store.event (topic, partition, position, stream, version, id, type, recorded_at, hash, envelope)
    select topics[i.p], partitions[i.p], places[i.p] + i.nth_p, i.stream, versions[i.s] + i.nth_s, i.id, i.type, stamps[i.p],
      i.hash, envelopes -> coalesce(ords[i.ord], i.ord - 1)::int
    from unnest(of_partition, of_stream, in_partition, in_stream, ids, names, types, hashes)
      with ordinality i (p, s, nth_p, nth_s, id, stream, type, hash, ord)${order};

    return json_build_object('known', found, 'positions', places, 'versions', versions, 'recorded',
      (select array_agg((extract(epoch from s.stamp) * 1000)::bigint order by s.nth) from unnest(stamps) with ordinality s (stamp, nth)));
  end $$;
`
