import type { MigrationInterface, QueryRunner } from 'typeorm'

/** What the store knows of persons that the vault must ask, and how it keeps refused input that may name them. */
export class Persons1764000000008 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(withheld)
    await runner.query('revoke execute on function store.profile_withheld from public')
    await runner.query(reject)
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop function store.reject, store.profile_withheld')
  }
}

/** Whether the latest word of a person on the purpose `profile` is no. */
export const withheld = `
  create or replace function store.profile_withheld(person text)
  returns boolean
  language sql stable security definer set search_path = '' as $$
    select coalesce((
      select not (k.envelope #>> '{data,purposes,profile}')::boolean from store.event k
      where k.stream = 'person-' || person and k.type = 'person.consent-recorded' and k.envelope #> '{data,purposes}' ? 'profile'
      order by k.envelope ->> 'time' desc, k.version desc limit 1), false)
  $$;
`

/** Keeps refused input: the reason always, the body unless it names somebody who is suppressed. */
const reject = `
  create function store.reject(rejections json)
  returns void
  language plpgsql as $$
  declare
    r record;
    kept bigint;
  begin
    for r in
      select x.* from json_to_recordset(rejections) x (
        source text, code text, field text, message text, body text, named bytea[])
    loop
      kept := vault.keep_body(r.body, r.named);
      insert into store.rejected_event (source, code, field, message, raw)
      values (r.source, r.code, case when kept is null then null else r.field end,
        case when kept is null then 'it named a person who was erased, and is not kept' else r.message end, kept);
    end loop;
  end $$;
`
