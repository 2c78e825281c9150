import type { MigrationInterface, QueryRunner } from 'typeorm'

/**
 * As before, but every id is looked up by itself: of `exists` the planner made a hash of all ids that are recorded, for
 * each decision, as long as it took reading them for cheaper, which was up to some ten thousand events.
 */
export class DecideByIndex1764000000012 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create or replace function store.decide(keys json, envelopes jsonb, expected json)
      returns table (
        ord int, outcome text, topic smallint, partition smallint, "position" bigint, stream text, version int,
        recorded_ms bigint, envelope jsonb
      )
      language plpgsql as $$
      #variable_conflict use_column
      declare
        behind record;
        known record;
      begin
        perform pg_advisory_xact_lock(7001, key)
        from (
          select i.topic * 1000 + i.partition as key from json_populate_recordset(null::store.incoming, keys) i
          union select e.topic * 1000 + e.partition from json_to_recordset(expected) e (topic int, partition int)
          order by 1) partitions;

        for behind in
          select e.stream, e.version as expected, coalesce(
            (select k.version from store.event k where k.stream = e.stream order by k.version desc limit 1), 0) as actual
          from json_to_recordset(expected) e (stream text, version int)
        loop
          if behind.expected <> behind.actual then
            raise exception 'version conflict' using errcode = 'FN001', detail = to_json(behind)::text;
          end if;
        end loop;

        for known in
          select i.id from json_populate_recordset(null::store.incoming, keys) i
          where i.copy is not null or (select true from store.event k where k.id = i.id)
          order by i.ord limit 1
        loop
          raise exception 'known id' using errcode = 'FN002', detail = to_json(known)::text;
        end loop;

        return query select * from store.append(keys, envelopes, '{}');
      end $$;
    `)
  }

  /** What it does is the same. */
  async down(): Promise<void> {}
}
