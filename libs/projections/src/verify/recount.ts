import type pg from 'pg'
import type { Instant } from '@funnel/events'
import type { Generation, Queryable } from '../generation/generation.js'

/** A number told twice: from the events by plain SQL, and from the ledger. */
export interface Recounted {
  readonly number: string
  readonly fromEvents: number
  readonly fromLedger: number
}

/** Decisions that count by themselves; their measures have their names. */
const COUNTED = `'lead.qualified', 'lead.disqualified', 'handoff.offered', 'handoff.accepted', 'handoff.rejected', 'handoff.expired', 'handoff.withdrawn'`

/**
 * The numbers from the events recorded up to $1, each when it happened, one subject's facts in order. Knows nothing of the
 * fold. A deal is what the last of its won, lost and reopened says; its amount and its lead are the latest told.
 */
const EVENTS = `
  with fact as (
    select type, envelope->'data' as data, id,
      case when (envelope->>'time')::timestamptz > recorded_at + interval '5 minutes' then recorded_at else (envelope->>'time')::timestamptz end as at,
      case type when 'deal.reopened' then 90 when 'deal.won' then 80 when 'deal.lost' then 80
        when 'deal.amount-changed' then 70 when 'deal.stage-entered' then 60 else 50 end as rank,
      coalesce((envelope->>'sequence')::bigint, 0) as seq
    from store.event where recorded_at <= $1
  ),
  lead_told as (
    select data->>'lead' as lead, *,
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
    select lead, data->>'stage' as stage, lag(data->>'stage') over (partition by lead order by at, seq, id) as before
    from standing where data ? 'stage' and not (type = 'lead.converted' and coalesce(least < balance, false))
  ),
  deal_told as (select data->>'deal' as deal, * from fact where type like 'deal.%'),
  outcome as (
    select distinct on (deal) deal, type from deal_told where type in ('deal.won', 'deal.lost', 'deal.reopened')
    order by deal, at desc, rank desc, seq desc, id desc
  ),
  amount as (
    select distinct on (deal) deal, (data->'amount'->>'minor')::numeric as minor, data->'amount'->>'currency' as currency
    from deal_told where data ? 'amount' order by deal, at desc, rank desc, seq desc, id desc
  ),
  source as (
    select distinct on (deal) deal, data->>'lead' as lead
    from deal_told where data ? 'lead' order by deal, at desc, rank desc, seq desc, id desc
  ),
  open as (
    select distinct deal from deal_told where deal not in (select deal from outcome where type <> 'deal.reopened')
  )
  select 'touches' as number, count(*) as n from fact where type = 'touchpoint.recorded'
  union all select 'leads', count(distinct data->>'lead') from fact where type = 'lead.captured'
  union all select 'stage entries', count(*) from stage_told where stage is distinct from before
  union all select 'leads in a stage for the first time', count(distinct (lead, stage)) from stage_told
  union all select type, count(*) from fact where type in (${COUNTED}) group by type
  union all select 'deals opened', count(distinct deal) from deal_told where type = 'deal.opened'
  union all select 'deals won', count(*) from outcome where type = 'deal.won'
  union all select 'deals lost', count(*) from outcome where type = 'deal.lost'
  union all select 'deals open', count(*) from open
  union all select 'revenue in minor ' || currency, sum(minor) from outcome join amount using (deal) where type = 'deal.won' group by currency
  union all select 'open pipeline in minor ' || currency, sum(minor) from open join amount using (deal) group by currency
  union all select 'leads won', count(distinct lead) from outcome join source using (deal)
    where type = 'deal.won' and lead in (select data->>'lead' from fact where type = 'lead.captured') and $2
  order by 1`

const LEDGER = (schema: string) => `
  select number, sum(amount) as n from (
    select case measure when 'touch' then 'touches' when 'lead.captured' then 'leads' when 'stage.entered' then 'stage entries'
        when 'stage.first' then 'leads in a stage for the first time'
        when 'deal.opened' then 'deals opened' when 'deal.won' then 'deals won' when 'deal.lost' then 'deals lost'
        when 'deal.open' then 'deals open' when 'deal.won.value' then 'revenue in minor ' || currency
        when 'deal.open.value' then 'open pipeline in minor ' || currency
        when 'converted' then case stage when 'captured>won' then 'leads won' end
        else case when measure in (${COUNTED}) then measure end end as number, amount
    from ${schema}.entry where recorded_at <= $1) x
  where number is not null group by number having sum(amount) <> 0 order by 1`

/**
 * Counts again, straight from the event table, what the ledger says, both as known at `w`. Two connections, because the
 * read side cannot reach the store.
 */
export async function recount(
  store: pg.Pool,
  read: Queryable,
  generation: Generation,
  w: Instant,
): Promise<Recounted[]> {
  const at = new Date(w)
  const booksWon = generation.definitions.funnel.conversions.some(({ from, to }) => from === 'captured' && to === 'won')
  const events = await store.query<{ number: string; n: string | number }>(EVENTS, [at, booksWon])
  const ledger = await read.query<{ number: string; n: string | number }>(LEDGER(generation.schema), [at])
  const told = new Map(ledger.rows.map(({ number, n }) => [number, Number(n)]))
  const counted = new Map(events.rows.map(({ number, n }) => [number, Number(n)]))
  return [...new Set([...counted.keys(), ...told.keys()])].toSorted().map((number) => ({
    number,
    fromEvents: counted.get(number) ?? 0,
    fromLedger: told.get(number) ?? 0,
  }))
}
