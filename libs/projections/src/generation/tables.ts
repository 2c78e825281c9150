import { rollupIndexes, rollupTables } from '../rollup/tables.js'

/**
 * Of a person, to look them up by: a column, since an index over a part of `state` would have each change of any node
 * write into every index, and leave more to vacuum.
 */
export const ACCOUNT = `account text generated always as (case when kind = 'person' then state->>'account' end) stored`

/** The tables of one generation, in a schema of its own. */
export const tables = (schema: string): string => `
  create schema ${schema};
  create table ${schema}.entry (                       -- append only; a line is known by its cause and content
    topic smallint not null, partition smallint not null, "position" bigint not null, ordinal int not null,
    measure text not null, amount bigint not null, currency text,
    occurred_at timestamptz(3) not null, recorded_at timestamptz(3) not null,
    cohort_at timestamptz(3), elapsed_s bigint,
    subject_kind text not null, subject text not null,
    stage text, dims bigint not null
  );
  create table ${schema}.dims (id bigint primary key, values jsonb not null);
  create table ${schema}.fact (                        -- the events themselves: what explains an entry
    topic smallint not null, partition smallint not null, "position" bigint not null,
    id uuid not null, type text not null, stream text not null, version int not null, source text not null,
    occurred_at timestamptz(3) not null, recorded_at timestamptz(3) not null, data json not null,
    sequence bigint,                                   -- the source's own order among those of one instant
    future boolean not null,                           -- its time lay in the future when it was recorded, and counts as of then
    primary key (topic, partition, "position")
  );
  create index fact_stream on ${schema}.fact (stream); -- by which leads and deals get their facts back
  create table ${schema}.node (
    kind text not null, key text not null, state json not null, ${ACCOUNT}, primary key (kind, key)
  ) with (fillfactor = 80);
  create table ${schema}.lead (
    lead text primary key, person text, stage text, owner text, channel text,
    captured_at timestamptz(3), stage_at timestamptz(3), properties jsonb not null, flags text[] not null
  ) with (fillfactor = 80);
  create table ${schema}.deal (
    deal text primary key, lead text, person text, account text, stage text, outcome text not null,
    amount bigint, currency text, owner text,
    opened_at timestamptz(3), closed_at timestamptz(3), properties jsonb not null, flags text[] not null
  ) with (fillfactor = 80);
  create table ${schema}.parked (
    kind text not null, key text not null, reason text not null,
    topic smallint not null, partition smallint not null, "position" bigint not null,
    since timestamptz(3) not null default clock_timestamp(), primary key (kind, key)
  );${clockTable(schema)}
  create index entry_known on ${schema}.entry (recorded_at);${rollupTables(schema)}${rollupIndexes(schema)}`

/** What only questions need; a rebuild makes it last: of entries, the most work, and of all the rest. */
export const indexes = (schema: string): readonly [ofEntries: string, ofTheRest: string] => [
  `create index entry_cell on ${schema}.entry (measure, occurred_at);${elapsedIndex(schema)}${cohortIndex(schema)}`,
  clockIndexes(schema) + journeyIndexes(schema),
]

/** Finds what took a time of some class, and holds all that a percentile asks of it. */
export const elapsedIndex = (schema: string): string => `
  create index if not exists entry_elapsed on ${schema}.entry (measure, elapsed_s)
    include (stage, dims, amount, occurred_at, recorded_at) where elapsed_s is not null;`

/** Finds the conversions of cohorts; and says how many entries of a measure are of a stage, which the planner gets wrong else. */
export const cohortIndex = (schema: string): string => `
  create index if not exists entry_cohort on ${schema}.entry (measure, stage, cohort_at) where cohort_at is not null;
  create statistics if not exists ${schema}.entry_stage (mcv) on measure, stage from ${schema}.entry;`

/** The clocks of promises as they stand. */
export const clockTable = (schema: string): string => `
  create table if not exists ${schema}.clock (
    key text primary key, clock text not null, policy text not null, policy_version int not null, party text not null, subject text not null,
    lead text, owner text, team text, state text not null,
    started_at timestamptz(3) not null, due_at timestamptz(3), left_s float8, missed boolean not null, ended_at timestamptz(3),
    parent text
  ) with (fillfactor = 80);`

/** What open clocks are listed by, and those of one lead. */
export const clockIndexes = (schema: string): string => `
  create index if not exists clock_open on ${schema}.clock (coalesce(due_at, 'infinity'), coalesce(left_s, 0), key) where ended_at is null;
  create index if not exists clock_lead on ${schema}.clock (lead) where lead is not null;`

/** What a journey is put together by. */
export const journeyIndexes = (schema: string): string => `
  create index if not exists node_account on ${schema}.node (account) where account is not null;
  create index if not exists deal_account on ${schema}.deal (account) where account is not null;
  create index if not exists deal_person on ${schema}.deal (person) where person is not null;`
