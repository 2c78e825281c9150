import { derivedId, type Envelope } from '@funnel/events'

/** A seeded generator of numbers in [0, 1): mulberry32. The same seed gives the same log on every machine. */
export function random(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

const channels = [
  'organic_search',
  'paid_search',
  'social',
  'email',
  'referral',
  'direct',
  'display',
  'partner',
  'event',
  'affiliate',
]
const stages = ['mql', 'sal', 'sql', 'opportunity', 'customer']
const currencies = ['USD', 'EUR']

/**
 * A believable log of `count` events, in the order a busy company would send them: about three quarters touches, the rest
 * identities, leads with their stages, and deals with amounts, outcomes and a few reopenings. Times run over `days` days
 * and end at `end`; one in a hundred comes late.
 */
export function* syntheticLog(
  count: number,
  { seed = 1, days = 400, end = Date.UTC(2026, 0, 1) } = {},
): Generator<Envelope> {
  const next = random(seed)
  const pick = (n: number) => Math.floor(next() * n)
  const step = (days * 86_400_000) / count
  const leads: { id: string; stage: number }[] = []
  const deals: { id: string; lead: string; state: 'open' | 'closed' }[] = []
  let visitors = 1
  for (let i = 0; i < count; i++) {
    const late = next()
    const recorded = end - (count - i) * step
    const time =
      recorded - Math.floor(late < 0.95 ? next() * 5000 : late < 0.99 ? next() * 21_600_000 : next() * 1_728_000_000)
    const event = (type: string, partitionkey: string, data: Record<string, unknown>): Envelope => ({
      specversion: '1.0',
      id: derivedId('synthetic', seed, i),
      source: '/bench',
      type,
      dataschema: `${type}:1`,
      time: new Date(time).toISOString(),
      partitionkey,
      data,
    })
    const dice = next()
    if (dice < 0.76 || leads.length < 3) {
      if (next() < 0.12) visitors++
      const visitor = `v-${visitors - pick(Math.min(visitors, 20_000))}`
      if (leads.length < 3 && dice >= 0.76) {
        leads.push({ id: `l-${leads.length + 1}`, stage: 0 })
        yield event('lead.captured', `l-${leads.length}`, { lead: `l-${leads.length}`, person: `p-${leads.length}` })
      } else
        yield event('touchpoint.recorded', visitor, {
          visitor,
          kind: 'page',
          channel: channels[pick(channels.length)],
          campaign: `c-${pick(60)}`,
          url: 'https://example.com/pricing',
        })
    } else if (dice < 0.8) {
      const visitor = `v-${visitors - pick(Math.min(visitors, 20_000))}`
      yield event('visitor.identified', visitor, {
        visitor,
        person: `p-${leads.length - pick(Math.min(leads.length, 5000))}`,
      })
    } else if (dice < 0.95) {
      if (next() < 0.22) {
        const id = `l-${leads.length + 1}`
        leads.push({ id, stage: 0 })
        yield event('lead.captured', id, {
          lead: id,
          person: `p-${leads.length}`,
          owner: `o-${pick(12)}`,
          properties: { segment: `s-${pick(4)}` },
        })
      } else {
        const lead = leads[leads.length - 1 - pick(Math.min(leads.length, 5000))]!
        const stage = stages[lead.stage]!
        lead.stage = (lead.stage + 1) % stages.length
        yield event('lead.stage-entered', lead.id, { lead: lead.id, stage })
      }
    } else if (deals.length === 0 || next() < 0.3) {
      const id = `d-${deals.length + 1}`
      const lead = leads[leads.length - 1 - pick(Math.min(leads.length, 5000))]!.id
      deals.push({ id, lead, state: 'open' })
      yield event('deal.opened', id, {
        deal: id,
        lead,
        stage: 'proposal',
        amount: { minor: 10_000 + pick(5_000_000), currency: currencies[pick(2)] },
        owner: `o-${pick(12)}`,
      })
    } else {
      const deal = deals[deals.length - 1 - pick(Math.min(deals.length, 1500))]!
      const act = next()
      if (deal.state === 'closed' && act < 0.2) {
        deal.state = 'open'
        yield event('deal.reopened', deal.id, { deal: deal.id })
      } else if (act < 0.4)
        yield event('deal.amount-changed', deal.id, {
          deal: deal.id,
          amount: { minor: 10_000 + pick(5_000_000), currency: 'USD' },
        })
      else if (act < 0.6) yield event('deal.stage-entered', deal.id, { deal: deal.id, stage: 'negotiation' })
      else {
        deal.state = 'closed'
        yield event(act < 0.85 ? 'deal.won' : 'deal.lost', deal.id, { deal: deal.id })
      }
    }
  }
}
