import type { MigrationInterface, QueryRunner } from 'typeorm'
import { withheld } from './1764000000008-persons.js'

/** A consent counts from when it can have been given: one dated in the future outweighed every later no. */
export class ConsentTimes1764000000015 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(withheldByThen)
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(withheld)
  }
}

/**
 * Whether the latest word of a person on the purpose `profile` is no. A time more than five minutes after the recorded one is
 * not believed, as anywhere else (FUTURE_TOLERANCE). Times are compared as texts of one length; one of more than four digits
 * for the year, which were taken once, sorts below all others, and means the future, too.
 */
const withheldByThen = `
  create or replace function store.profile_withheld(person text)
  returns boolean
  language sql stable security definer set search_path = '' as $$
    select coalesce((
      select not (k.envelope #>> '{data,purposes,profile}')::boolean
      from store.event k cross join lateral (
        select k.envelope ->> 'time' as told, to_char(k.recorded_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as recorded,
          to_char((k.recorded_at + interval '5 minutes') at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as latest) t
      where k.stream = 'person-' || person and k.type = 'person.consent-recorded' and k.envelope #> '{data,purposes}' ? 'profile'
      order by case when t.told > t.latest or t.told like '+%' then t.recorded else t.told end collate "C" desc, k.version desc limit 1), false)
  $$;
`
