import type pg from 'pg'
import type { Dimension } from '@funnel/definitions'
import type { Instant } from '@funnel/events'
import type { Generation, Queryable } from '../generation/generation.js'

/** A number told twice: from the events by plain SQL, and from the ledger. */
export interface Recounted {
  readonly number: string
  /** In which month (UTC) it happened, as 2026-01; of what stands, what came and went in it. */
  readonly month: string
  /**
   * Of handoffs who accepted it, else the person it was offered to; of promises who had to keep it; where there is nobody, and
   * of all else, absent.
   */
  readonly owner?: string
  readonly fromEvents: number
  readonly fromLedger: number
}

/** Decisions that count by themselves; their measures have their names. */
const COUNTED = `'lead.qualified', 'lead.disqualified'`
/** The same of handoffs, told by owner. */
const HANDOFFS = `'handoff.offered', 'handoff.accepted', 'handoff.rejected', 'handoff.expired', 'handoff.withdrawn'`

/** What promises came to, told by owner as well. */
const PROMISES = `'sla.started', 'sla.met', 'sla.missed', 'sla.cancelled', 'sla.answered', 'sla.late'`

const MONTH = `to_char(at at time zone 'UTC', 'YYYY-MM')`

/**
 * The numbers from the events recorded up to $1, each when it happened, one subject's facts in order. Knows nothing of the
 * fold. $2 is the funnel where the log says nothing of it, $3 what its versions are applied as; $4 tells whether to count
 * handoffs by owner, $5 whether promises. A deal is what the last of its won, lost and reopened says; its amount and its
 * lead are the latest told. A clock is what was said of it last, in the order of its stream.
 */
const EVENTS = `
  with fact as (
    select type, envelope->'data' as data, id, recorded_at, version,
      -- a year of more than four digits, which was taken once, is no time for PostgreSQL
      case when time like '+%' then recorded_at when time::timestamptz > recorded_at + interval '5 minutes' then recorded_at
        else time::timestamptz end as at,
      case type when 'deal.reopened' then 90 when 'deal.won' then 80 when 'deal.lost' then 80
        when 'deal.amount-changed' then 70 when 'deal.stage-entered' then 60 else 50 end as rank,
      coalesce((envelope->>'sequence')::bigint, 0) as seq
    from store.event cross join lateral (select envelope->>'time') t (time) where recorded_at <= $1
  ),
  -- versions of the funnel: what was applied before the first business event is its set-up and counts from the beginning, the
  -- first of it and what was due by then, which was due last before the others; any other from its day, and not within the
  -- millisecond in which it was recorded
  begin as (select min(recorded_at) as at from fact where type ~ '^(touchpoint|visitor|lead|handoff|deal|sla|insight)\\.'),
  applied as (
    select fact.*, (data->>'effective')::timestamptz as effective, row_number() over (order by (data->>'version')::int) as n
    from fact where type = 'definition.applied' and data->>'definition' = $3
  ),
  version (content, n, since, dated) as (
    select $2::jsonb, 0, '-infinity'::timestamptz, '-infinity'::timestamptz
    union all select data->'content', n, case when recorded_at < begin.at and effective <= begin.at then '-infinity' else dated end, dated
    from applied, begin, lateral (select case when recorded_at < begin.at and n = 1 then '-infinity'
      else greatest(effective, recorded_at + interval '1 millisecond') end) d (dated)
  ),
  funnel as (
    select content->'conversions' as pairs, since, lead(since, 1, 'infinity') over (order by since, dated, n) as until,
      (select array_agg(stage->>'id' order by place) from jsonb_array_elements(content->'stages') with ordinality s (stage, place)) as stages
    from version
  ),
  lead_told as (
    select data->>'lead' as lead, least(at, recorded_at) as judged, *,
      sum(case type when 'lead.converted' then 1 when 'lead.conversion-reversed' then -1 else 0 end)
        over (partition by data->>'lead' order by at, seq, id) as balance
    from fact where type like 'lead.%' or type like 'handoff.%'
  ),
  -- a reversal takes back the last conversion before it that stands: from there on the balance falls below that one's
  standing as (
    select *, min(balance) over (partition by lead order by at, seq, id rows between 1 following and unbounded following) as least
    from lead_told
  ),
  stage_told as (
    select lead, type, at, judged, seq, id, data->>'stage' as stage, lag(data->>'stage') over (partition by lead order by at, seq, id) as before
    from standing where data ? 'stage' and not (type = 'lead.converted' and coalesce(least < balance, false))
  ),
  -- each offer begins a chapter of its handoff
  handoff_told as (
    select *, count(*) filter (where type = 'handoff.offered') over (partition by lead, data->>'handoff' order by at, seq, id) as chapter
    from lead_told where type in (${HANDOFFS})
  ),
  handoff_of as (
    select type, at, case when type = 'handoff.accepted' then data->>'owner'
      else first_value(data->>'assignee') over (partition by lead, data->>'handoff', chapter order by at, seq, id) end as owner
    from handoff_told
  ),
  entered as (select * from stage_told where stage is distinct from before),
  -- each won, lost or reopened begins a chapter of a deal, each amount a price
  deal_told as (
    select data->>'deal' as deal, *, row_number() over told as n,
      count(*) filter (where type in ('deal.won', 'deal.lost', 'deal.reopened')) over told as chapter,
      count(*) filter (where data ? 'amount') over told as price
    from fact where type like 'deal.%'
    window told as (partition by data->>'deal' order by at, rank, seq, id)
  ),
  deal_after as (
    select deal, at, n,
      case first_value(type) over (partition by deal, chapter order by n) when 'deal.won' then 'won' when 'deal.lost' then 'lost' else 'open' end as outcome,
      first_value(data->'amount') over (partition by deal, price order by n) as amount
    from deal_told
  ),
  deal_step as (
    select *, lag(outcome) over told as outcome_before, lag(amount) over told as amount_before
    from deal_after window told as (partition by deal order by n)
  ),
  -- since when a deal is what it is
  settled as (
    select distinct on (deal) deal, outcome, at from deal_step where outcome is distinct from outcome_before order by deal, n desc
  ),
  priced as (select distinct on (deal) deal, amount from deal_after order by deal, n desc),
  source as (select distinct on (deal) deal, data->>'lead' as lead from deal_told where data ? 'lead' order by deal, n desc),
  captured as (select distinct on (lead) lead, at, judged from lead_told where type = 'lead.captured' order by lead, at, seq, id),
  begun as (
    select lead, 'captured' as name, at, judged from captured
    union all (select distinct on (lead, stage) lead, stage, at, judged from entered where stage not in ('captured', 'won')
      order by lead, stage, at, seq, id)
  ),
  reached as (
    select lead, 'captured' as name, at from captured
    union all select lead, stage, at from entered where stage not in ('captured', 'won')
    union all select lead, 'won', at from settled join source using (deal) where outcome = 'won'
  ),
  -- from the first time of the start to the first of the end after it, else the first of all; by the funnel of the start
  converted as (
    select "from" || '>' || "to" as pair, lead, coalesce(min(reached.at) filter (where reached.at > begun.at), min(reached.at)) as at
    from begun join funnel on judged >= since and judged < until
      cross join jsonb_to_recordset(pairs) pair ("from" text, "to" text)
      join reached using (lead)
    where begun.name = "from" and reached.name = "to" group by 1, 2
  ),
  clock_told as (
    select coalesce(data->>'lead' || '/', '') || (data->>'clock') as clock, *, (data->>'due')::timestamptz as due,
      case when type = 'sla.corrected' then data->>'outcome' when type in ('sla.met', 'sla.cancelled', 'sla.breached', 'sla.ended') then substr(type, 5) end as outcome
    from fact where type like 'sla.%'
  ),
  clock_begun as (
    select distinct on (clock) clock, (data->>'started')::timestamptz as at, data->>'owner' as owner, not data ? 'start' as period
    from clock_told order by clock, version
  ),
  -- when it was due by each verdict, as was told last, and whether it was missed then
  dated as (
    select *, coalesce(due, (select due from clock_told before where before.clock = told.clock and before.version < told.version and before.due is not null
        order by before.version desc limit 1), at) as due_at
    from clock_told told where outcome is not null
  ),
  verdict as (select *, case when outcome in ('breached', 'ended') then due_at end as missed from dated),
  judged as (select distinct on (clock) * from verdict order by clock, version desc),
  -- by the first of those that agree with the last one
  missed as (
    select distinct on (clock) clock, judged.missed as at, verdict.data->>'owner' as owner
    from judged join verdict using (clock)
    where judged.missed is not null and verdict.version > all (
      select other.version from verdict other where other.clock = judged.clock and other.missed is distinct from judged.missed)
    order by clock, verdict.version
  ),
  clock_over as (
    select clock, judged.outcome, judged.data->>'owner' as owner,
      case when judged.outcome = 'breached' then judged.missed else coalesce((judged.data->>'at')::timestamptz, judged.due_at) end as at,
      judged.data ? 'by' and (judged.outcome = 'met' or judged.outcome = 'ended' and judged.data->>'how' is distinct from 'cancelled') as answered
    from judged join clock_begun using (clock)
    where judged.outcome in ('met', 'cancelled', 'ended') or judged.outcome = 'breached' and period
  ),
  promise (number, at, owner) as (
    select 'sla.started', at, owner from clock_begun
    union all select 'sla.' || outcome, at, owner from clock_over where outcome in ('met', 'cancelled')
    union all select 'sla.missed', at, owner from missed
    union all select 'sla.answered', at, owner from clock_over where answered
    union all select 'sla.late', over.at, over.owner from clock_over over join missed using (clock) where answered
  ),
  counted (number, at, n) as (
    select 'touches', at, 1::numeric from fact where type = 'touchpoint.recorded'
    union all select 'leads', at, 1 from captured
    union all select 'stage entries', at, 1 from entered
    union all select 'leads in a stage for the first time', min(at), 1 from entered group by lead, stage
    union all select 'leads in a stage for the last time', max(at), 1 from entered group by lead, stage
    union all select 'leads recycled', at, 1 from entered join funnel on judged >= since and judged < until
      where type = 'lead.recycled' or array_position(stages, stage) < array_position(stages, before)
    union all select 'leads in ' || stage, at, 1 from entered
    union all select 'leads in ' || before, at, -1 from entered where before is not null
    union all select 'conversions ' || pair, at, 1 from converted
    union all select type, at, 1 from fact where type in (${COUNTED})
    union all select 'deals opened', min(at), 1 from deal_told where type = 'deal.opened' group by deal
    union all select 'deals ' || outcome, at, 1 from settled where outcome <> 'open'
    union all select 'revenue in minor ' || (amount->>'currency'), at, (amount->>'minor')::numeric
      from settled join priced using (deal) where outcome = 'won'
    union all select 'deals that stand ' || outcome, at, 1 from deal_step where outcome is distinct from outcome_before and outcome <> 'lost'
    union all select 'deals that stand ' || outcome_before, at, -1 from deal_step where outcome <> outcome_before and outcome_before <> 'lost'
    union all select 'open pipeline in minor ' || (amount->>'currency'), at, (amount->>'minor')::numeric from deal_step where outcome = 'open'
    union all select 'open pipeline in minor ' || (amount_before->>'currency'), at, -(amount_before->>'minor')::numeric
      from deal_step where outcome_before = 'open'
    union all select 'promises open', at, 1 from clock_begun
    union all select 'promises open', greatest(over.at, begun.at), -1 from clock_over over join clock_begun begun using (clock)
    union all select 'promises overdue', at, 1 from missed
    union all select 'promises overdue', greatest(over.at, missed.at), -1 from clock_over over join missed using (clock)
  )
  select number, ${MONTH} as month, null as owner, sum(n) as n from counted where number is not null group by 1, 2 having sum(n) <> 0
  union all select type, ${MONTH}, case when $4 then owner end, count(*) from handoff_of group by 1, 2, 3
  union all select number, ${MONTH}, case when $5 then owner end, count(*) from promise group by 1, 2, 3`

const LEDGER = (schema: string) => `
  select number, ${MONTH} as month, owner, sum(amount) as n from (
    select occurred_at as at, amount, case measure when 'touch' then 'touches' when 'lead.captured' then 'leads' when 'stage.entered' then 'stage entries'
        when 'stage.first' then 'leads in a stage for the first time'
        when 'stage.last' then 'leads in a stage for the last time' when 'lead.recycled' then 'leads recycled'
        when 'lead.in-stage' then 'leads in ' || stage when 'converted' then 'conversions ' || stage
        when 'deal.opened' then 'deals opened' when 'deal.won' then 'deals won' when 'deal.lost' then 'deals lost'
        when 'deal.open' then 'deals that stand open' when 'deal.won.standing' then 'deals that stand won'
        when 'deal.won.value' then 'revenue in minor ' || currency when 'deal.open.value' then 'open pipeline in minor ' || currency
        when 'sla.open' then 'promises open' when 'sla.overdue' then 'promises overdue'
        else case when measure in (${COUNTED}, ${HANDOFFS}, ${PROMISES}) then measure end end as number,
        case when $2 and measure in (${HANDOFFS}) or $3 and measure in (${PROMISES})
          then (select d.values->>'owner' from ${schema}.dims d where d.id = e.dims) end as owner
    from ${schema}.entry e where recorded_at <= $1) x
  where number is not null group by 1, 2, 3 having sum(amount) <> 0`

/**
 * Counts again, straight from the event table, what the ledger says, both as known at `w`, by the month in which it
 * happened, and handoffs and promises by owner. Two connections, because the read side cannot reach the store.
 */
export async function recount(
  store: pg.Pool,
  read: Queryable,
  generation: Generation,
  w: Instant,
): Promise<Recounted[]> {
  const { dimensions, funnel } = generation.definitions
  const at = new Date(w)
  const owner = dimensions.find(({ id }) => id === 'owner')
  const byOwner = await Promise.all([alwaysOwners(store, owner, 'lead'), alwaysOwners(store, owner, 'clock')])
  const told = await store.query<Counted>(EVENTS, [at, JSON.stringify(funnel), `funnel/${funnel.id}`, ...byOwner])
  const booked = await read.query<Counted>(LEDGER(generation.schema), [at, ...byOwner])
  const [events, ledger] = [byPlace(told.rows), byPlace(booked.rows)]
  return [...new Set([...events.keys(), ...ledger.keys()])].toSorted().map((place) => ({
    ...(events.get(place) ?? ledger.get(place))!.place,
    fromEvents: events.get(place)?.n ?? 0,
    fromLedger: ledger.get(place)?.n ?? 0,
  }))
}

/**
 * Whether the dimension `owner` is that of the subject at the event, in each of its versions: a company's own of that name
 * may be another.
 */
async function alwaysOwners(store: pg.Pool, base: Dimension | undefined, subject: 'lead' | 'clock'): Promise<boolean> {
  const { rows } = await store.query<{ content: Dimension }>(
    `select envelope->'data'->'content' as content from store.event
     where type = 'definition.applied' and envelope->'data'->>'definition' = 'dimension/owner'`,
  )
  return [base, ...rows.map(({ content }) => content)].every((dimension) => {
    const source = dimension?.sources[subject]
    return source?.from === 'owner' && source.attribute === undefined && source.value !== 'latest'
  })
}

interface Counted {
  readonly number: string
  readonly month: string
  readonly owner: string | null
  readonly n: string
}

const byPlace = (rows: readonly Counted[]) =>
  new Map(
    rows.map(({ number, month, owner, n }) => [
      JSON.stringify([number, month, owner]),
      { place: { number, month, ...(owner === null ? {} : { owner }) }, n: Number(n) },
    ]),
  )
