import {
  inForce,
  missingFor,
  qualifies,
  type Applied,
  type LeadFacts,
  type Qualification,
  type Stage,
  type Value,
} from '@funnel/definitions'
import type { Instant } from '@funnel/events'
import { factOrder } from '../fold/fact.js'
import { compared, type Claim, type Comparison } from './claim.js'
import { stageMoves, stageOf } from './stage.js'
import type { Agreed, KnownLead } from './known.js'

/**
 * Is it qualified? For each stage that a rule leads to: what the agreed rule says, whether the stage's own team called the
 * lead that, and, of a stage of marketing's, what sales says by its answers to handoffs and by working on the lead.
 */
export function qualified(lead: KnownLead, agreed: Agreed): Comparison[] {
  const { stages } = agreed.definitions.funnel
  const rules = [...new Set(agreed.history.applied.map(({ definition }) => definition))]
    .filter((definition) => definition.startsWith('qualification/'))
    .toSorted()
  return stages.flatMap((stage) => {
    const by = rules.flatMap((rule) => ruleClaim(rule, stage, lead, agreed))
    if (!by.length) return []
    const called = calledSo(stage, lead, agreed)
    const answered = stage.owner === 'marketing' ? salesAnswer(lead, agreed) : []
    return compared('qualified', { kind: 'lead', id: lead.id }, [...by, ...called, ...answered], stage.id)
  })
}

/** What the rule said when it judged, which stands; else what it says of all that is known. */
function ruleClaim(definition: string, stage: Stage, lead: KnownLead, { history }: Agreed): Claim[] {
  const id = definition.slice('qualification/'.length)
  const judged = lead.facts.findLast(
    ({ type, data }) => type === 'lead.qualified' && data['rule'] === id && data['stage'] === stage.id,
  )
  if (judged) {
    const { ruleVersion: version, because = [] } = judged.data as { ruleVersion: number; because?: readonly string[] }
    const rule = { id, version }
    return [{ party: 'agreed', value: 'yes', says: 'the rule was met', rule, events: because }]
  }
  let last: { readonly applied: Applied; readonly about: LeadFacts; readonly at: Instant } | undefined
  for (const { at, about, touch } of moments(lead)) {
    const applied = inForce(history, definition, at)
    if (!applied || ruleIn(applied).stage !== stage.id) continue
    last = { applied, about, at }
    if (touch !== undefined && !counts(ruleIn(applied), touch)) continue
    const events = qualifies(ruleIn(applied), about, at)
    const rule = { id, version: applied.version }
    if (events) return [{ party: 'agreed', value: 'yes', says: 'the rule is met', rule, events }]
  }
  if (!last) return []
  return [
    {
      party: 'agreed',
      value: 'no',
      says: 'the rule is not met',
      rule: { id, version: last.applied.version },
      missing: missingFor(ruleIn(last.applied), last.about, last.at),
      events: [],
    },
  ]
}

const ruleIn = ({ content }: Applied) => content as Qualification

/** Whether a touch of this kind may make a lead meet the rule. */
const counts = ({ engagement }: Qualification, touch: string): boolean =>
  ('any' in engagement ? engagement.any : engagement.all).some(
    ({ event, kind }) => event === 'touchpoint.recorded' && kind?.includes(touch),
  )

interface Moment {
  readonly at: Instant
  /** What rules ask of the lead as of then; good until the next moment. */
  readonly about: LeadFacts
  /** The kind of touch, where it was one, and not that which the lead is attributed to, which tells where it came from. */
  readonly touch: string | undefined
}

/** Every instant at which something happened. */
function* moments({ state, facts, touches, matches }: KnownLead): Generator<Moment> {
  const fields = new Map<string, { value: Value; event: string }>()
  const events = [
    ...facts.flatMap(({ id, type, at, data }) =>
      type === 'lead.engaged' ? [{ id, type, at, kind: data['kind'] as string }] : [],
    ),
    ...touches.map(({ id, at, data }) => ({
      id,
      type: 'touchpoint.recorded' as const,
      at,
      kind: data['kind'] as string,
    })),
  ]
  let ownAccount = false
  for (const fact of [...facts, ...touches, ...matches].toSorted(factOrder)) {
    const tell = (told: object, prefix = '') => {
      for (const [name, value] of Object.entries(told))
        if (value !== undefined) fields.set(`${prefix}${name}`, { value: value as Value, event: fact.id })
    }
    const { owner, account, properties = {}, channel, campaign } = fact.data
    const touch = fact.type === 'touchpoint.recorded'
    const first = fact.id === state.touch?.id
    if (first) tell({ channel, campaign }, 'first-touch.')
    else if (fact.type === 'person.account-matched') {
      // of a lead that tells no company it is that of its person
      if (!ownAccount) tell({ account })
    } else if (!touch) {
      tell({ owner, account })
      tell(properties as object, 'properties.')
      ownAccount ||= account !== undefined
    }
    yield { at: fact.at, about: { fields, events }, touch: touch && !first ? (fact.data['kind'] as string) : undefined }
  }
}

/** That the stage was entered, by the rule or by hand, as the last who said so did; sent back to it is something else. */
function calledSo(stage: Stage, { facts }: KnownLead, { versions }: Agreed): Claim[] {
  const last = stageMoves(facts, versions).findLast(
    (move) => move.stage === stage.id && move.fact.type !== 'lead.recycled',
  )
  if (!last) return []
  const { fact } = last
  const { rule, ruleVersion } = fact.data as { readonly rule?: string; readonly ruleVersion?: number }
  const how = rule === undefined ? `by hand: ${fact.type} of ${fact.source}` : `by ${rule}@${ruleVersion}: ${fact.type}`
  return [{ party: stage.owner, value: 'yes', says: `called it ${stage.id} ${how}`, events: [fact.id] }]
}

/**
 * What sales said last: its answer to a handoff, or a stage of its own. To give a lead up says that it was no good only where
 * sales had not taken it before; once sent back to be nurtured, nothing is said.
 */
function salesAnswer({ facts }: KnownLead, { definitions: { funnel }, versions }: Agreed): Claim[] {
  const moves = new Map(stageMoves(facts, versions).map((move) => [move.fact.id, move.stage]))
  let claim: Claim | undefined
  for (const { id, type, data, source } of facts) {
    const says = (value: string, text: string): Claim => ({ party: 'sales', value, says: text, events: [id] })
    const reason = data['reason'] as string | undefined
    const stage = stageOf(funnel, moves.get(id))
    if (type === 'handoff.accepted') claim = says('yes', `accepted by ${data['owner'] as string}`)
    else if (type === 'handoff.rejected') claim = says('no', `rejected: ${reason}`)
    else if (type === 'lead.recycled') claim = undefined
    else if (stage?.owner === 'sales' && !(stage.type === 'lost' && claim?.value === 'yes'))
      claim =
        stage.type === 'lost'
          ? says('no', `given up${reason === undefined ? '' : `: ${reason}`} (${stage.id}, ${source})`)
          : says('yes', `works on it: ${stage.id}, says ${source}`)
  }
  return claim ? [claim] : []
}
