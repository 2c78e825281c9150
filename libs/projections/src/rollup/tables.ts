/**
 * Entries added up by day, in slices of the known axis. Written once, never changed; children stay beside their parent.
 * Days lie together in arrays, because a slice of a small company has hardly more than an entry for each.
 */
export const rollupTables = (schema: string): string => `
  create table ${schema}.slice (
    id int generated always as identity primary key,
    level smallint not null,
    known_from timestamptz(3) not null,                -- recorded after this
    known_to timestamptz(3) not null,                  -- and up to this
    parent_to timestamptz(3),                          -- where the slice ends that it was merged into
    unique (level, known_from)
  );
  create table ${schema}.roll (
    slice int not null,
    dimension text collate "C" not null,               -- '' is the total
    measure text collate "C" not null, stage text, currency text,
    cohort boolean,                                    -- the days are the cohorts'; null: durations in classes, see tooks
    "window" smallint,                                 -- of a conversion by cohort: the least window that holds it
    timed boolean not null,                            -- the entries know how long it took
    span int not null,                                 -- days div 32
    days int[] not null,                               -- UTC days since 1970-01-01, each once but for values and classes of durations
    "values" text[],                                   -- of the dimension, of the day at the same place; null: the entries have none; of the total no array
    tooks int[],                                       -- of durations: the class; by a dimension the day is the first of its month
    amounts bigint[] not null,                         -- of the day at the same place
    sizes bigint[],                                    -- of money: subjects that hold a part of it
    elapsed bigint[]                                   -- of what is timed: the sum of amount × elapsed seconds
  );
  create index roll_cell on ${schema}.roll (slice, dimension, measure, cohort, span); -- a new slice goes to its end`

/** What sealing looks up beside the lines of a time: those of one subject's money. */
export const rollupIndexes = (schema: string): string => `
  create index entry_money on ${schema}.entry (subject) where currency is not null;`
