import type { MigrationInterface, QueryRunner } from 'typeorm'
import { append } from './1764000000000-store.js'
import { decide } from './1764000000005-decide.js'

/** One append for observations and decisions, which numbers events by hand only where some of them are known. */
export class AppendOnce1764000000010 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(dropped)
    await runner.query('drop function store.decide(json, jsonb, json)')
    await runner.query(incoming)
    await runner.query(appendOf('json'))
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(dropped)
    await runner.query(append)
    await runner.query(decide)
  }
}

const dropped = 'drop function store.append(json, jsonb, json); drop type store.incoming'

export const incoming = `
  create type store.incoming as (
    ord int, topic smallint, partition smallint, stream text, id uuid, type text, hash bytea,
    -- which of the events of its stream, and of its partition, it is, if all of this call are new
    nth_of_stream int, nth_of_partition int,
    copy boolean -- null for the first event of its id in this call, else whether its content is that of the first
  );

`

/**
 * The append. Takes the keys of events (`store.incoming`), their envelopes, and the streams that a decision rests on with
 * the versions they must have (`[]` for observations). Gives the places of the new events, in order, and for each event
 * that is known already what the log has under its id.
 *
 * Every statement of the function has a snapshot of its own, so what is read after the locks is what the last holder of
 * each lock committed. Look-ups of single rows are subqueries with a limit: an `exists` or a join would be planned as a
 * scan of the whole table while the table is new and the planner thinks it empty.
 */
export const appendOf = (keys: 'json' | 'store.incoming[]'): string => `
  create function store.append(keys ${keys}, envelopes jsonb, expected json) returns json
  language plpgsql as $$
  declare
    items store.incoming[]${keys === 'json' ? '' : ' = keys'};
    stamp timestamptz;
    unmet record;
    found json;
    answer json;
  begin
    -- an older snapshot than the locks would give positions twice and times below the watermark
    if current_setting('transaction_isolation') <> 'read committed' then
      raise exception 'store.append needs read committed, not %', current_setting('transaction_isolation');
    end if;
${keys === 'json' ? '    select array_agg(x) into items from json_populate_recordset(null::store.incoming, keys) x;\n' : ''}
    -- lock: positions are given one writer at a time per partition, always in the same order
    perform pg_advisory_xact_lock(7001, key)
    from (
      select i.topic * 1000 + i.partition as key from unnest(items) i
      union select e.topic * 1000 + e.partition from json_to_recordset(expected) e (topic int, partition int)
      order by 1) partitions;

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
      select i.id from unnest(items) i
      where i.copy is not null or (select k.id from store.event k where k.id = i.id limit 1) is not null
      order by i.ord limit 1
    loop
      if json_array_length(expected) > 0 then
        raise exception 'known id' using errcode = 'FN002', detail = to_json(unmet)::text;
      end if;

      with known as (
        select i.ord, i.id, k.topic, k.partition, k.position, k.stream, k.version, k.recorded_at, k.envelope,
          case when coalesce(k.hash = i.hash, i.copy) then 'duplicate' else 'conflict' end as outcome
        from unnest(items) i
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
      select array_agg(row(m.*)::store.incoming) into items
      from (
        select i.ord, i.topic, i.partition, i.stream, i.id, i.type, i.hash,
          row_number() over (partition by i.stream order by i.ord),
          row_number() over (partition by i.topic, i.partition order by i.ord), i.copy
        from unnest(items) i
        where i.copy is null and (select k.id from store.event k where k.id = i.id limit 1) is null
      ) m;
    end loop;

    with partitions as materialized (
      select p.topic, p.partition, coalesce(l.position, 0) as position, greatest(stamp, l.recorded_at) as recorded_at
      from (select distinct i.topic, i.partition from unnest(items) i) p
      left join lateral (
        select e.position, e.recorded_at from store.event e where e.topic = p.topic and e.partition = p.partition
        order by e.position desc limit 1) l on true
    ),
    placed as materialized (
      select i.*, p.position + i.nth_of_partition as position, p.recorded_at,
        (extract(epoch from p.recorded_at) * 1000)::bigint as recorded_ms, i.nth_of_stream + coalesce(
        (select e.version from store.event e where e.stream = i.stream order by e.version desc limit 1), 0) as version
      from unnest(items) i join partitions p on p.topic = i.topic and p.partition = i.partition
    ),
    inserted as (
      insert into store.event (topic, partition, position, stream, version, id, type, recorded_at, hash, envelope)
      select p.topic, p.partition, p.position, p.stream, p.version, p.id, p.type, p.recorded_at, p.hash, envelopes -> p.ord
      from placed p
    )
    select json_build_object('positions', array_agg(p.position order by p.ord), 'versions', array_agg(p.version order by p.ord),
      'recorded', array_agg(p.recorded_ms order by p.ord), 'known', found)
    into answer from placed p;
    return answer;
  end $$;
`
