import { exponentOf } from '@funnel/events'
import { dealStory, type Money } from '../fold/deal/story.js'
import { leadStory } from '../fold/lead/story.js'
import { compared, type Claim, type Comparison } from './claim.js'
import type { Agreed, Known, KnownDeal, KnownLead, Told } from './known.js'
import { stageMoves, stageOf } from './stage.js'

/** Which deal came of the lead? The one that it was converted to, and those that name it. */
export function dealOfLead({ id, facts, state }: KnownLead, known: Known, { versions }: Agreed): Comparison[] {
  const { reversed } = leadStory(facts, versions)
  const converted = facts.findLast(({ type, data }, i) => type === 'lead.converted' && !reversed.has(i) && data['deal'])
  const deal = converted?.data['deal'] as string | undefined
  const claims: Claim[] = []
  if (converted && deal !== undefined)
    claims.push({
      party: 'agreed',
      value: deal,
      says: `converted to ${deal} (${converted.type} of ${converted.source})`,
      events: [converted.id],
    })
  if (state.deals.length) {
    const naming = state.deals.flatMap(
      (one) => known.deal(one)?.facts.findLast(({ data }) => data['lead'] === id) ?? [],
    )
    claims.push({
      party: 'sales',
      value: deal !== undefined && state.deals.includes(deal) ? deal : state.deals.join(', '),
      says: `${state.deals.join(', ')} ${state.deals.length > 1 ? 'name' : 'names'} this lead`,
      events: naming.map((fact) => fact.id),
    })
  }
  return compared('deal', { kind: 'lead', id }, claims)
}

/** Was it won? What the lead's stage says, where that ends the funnel, and what its deals say. */
export function won(
  { id, facts, state }: KnownLead,
  known: Known,
  { definitions: { funnel }, versions }: Agreed,
): Comparison[] {
  const last = stageMoves(facts, versions).at(-1)
  const stage = stageOf(funnel, last?.stage)
  const deals = state.deals.flatMap((one) => known.deal(one) ?? []).map((deal) => ({ deal, ...outcomeOf(deal) }))
  if (!last || !(stage?.type === 'won' || stage?.type === 'lost') || !deals.length) return []
  const first = deals.find(({ outcome }) => outcome === 'won')
  return compared('won', { kind: 'lead', id }, [
    {
      party: stage.owner,
      value: stage.type === 'won' ? 'yes' : 'no',
      says: `the lead is in ${stage.id} (${last.fact.type} of ${last.fact.source})`,
      events: [last.fact.id],
    },
    {
      party: 'sales',
      value: first ? 'yes' : 'no',
      says: deals.map(({ deal, outcome }) => `deal ${deal.id} is ${outcome}`).join(', '),
      events: (first ? [first] : deals).map(({ fact }) => fact.id),
    },
  ])
}

function outcomeOf({ facts }: KnownDeal) {
  const { steps, closed } = dealStory(facts)
  return { outcome: steps.at(-1)!.outcome, fact: facts[closed ?? 0]! }
}

/** How did it end, and what is it worth? What each source that says so said last. */
export function deal({ id, facts }: KnownDeal): Comparison[] {
  const subject = { kind: 'deal', id } as const
  const ended = lastOfEach(facts, ({ type }) => outcomes[type] !== undefined)
  const reopened = facts.findLastIndex(({ type }) => type === 'deal.reopened')
  return [
    ...compared(
      'deal-outcome',
      subject,
      // what was said before it was reopened is explained by that
      ended.filter((fact) => facts.indexOf(fact) >= reopened).map((fact) => claimOf(fact, outcomes[fact.type]!)),
    ),
    ...compared(
      'deal-amount',
      subject,
      lastOfEach(facts, ({ data }) => data['amount'] !== undefined).map((fact) =>
        claimOf(fact, inWords(fact.data['amount'] as Money)),
      ),
    ),
  ]
}

const outcomes: { readonly [type in Told['type']]?: string } = {
  'deal.won': 'won',
  'deal.lost': 'lost',
  'deal.reopened': 'open again',
}

const claimOf = ({ id, type, source, data }: Told, value: string): Claim => {
  const reason = data['reason'] as string | undefined
  const why = reason === undefined ? '' : `: ${reason}`
  return { party: 'sales', value, says: `${value}${why} (${type} of ${source})`, events: [id] }
}

/** The last fact of each source that says something, in fact order. */
function lastOfEach(facts: readonly Told[], says: (fact: Told) => boolean): readonly Told[] {
  const found = facts.filter(says)
  return found.filter((fact, i) => !found.slice(i + 1).some(({ source }) => source === fact.source))
}

/** Money exactly: 1054.00 USD. */
function inWords({ minor, currency }: Money): string {
  const exponent = exponentOf(currency)
  const digits = String(Math.abs(minor)).padStart(exponent + 1, '0')
  const point = digits.length - exponent
  return `${minor < 0 ? '-' : ''}${digits.slice(0, point)}${exponent ? `.${digits.slice(point)}` : ''} ${currency}`
}
