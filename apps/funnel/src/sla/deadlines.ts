import { DateTime } from 'luxon'
import {
  clockTerms,
  defaultDefinitions,
  definitionFolders,
  hoursOf,
  inWords,
  isPeriodic,
  periodAt,
  readDraft,
  timesOf,
  type AllDefinitions,
  type EventPattern,
  type LeadPolicy,
  type PeriodPolicy,
  type PolicyTerms,
  type SlaPolicy,
} from '@funnel/definitions'
import { FunnelError, type Instant } from '@funnel/events'
import { newClock, observe, pass, type Terms, type TimeOf } from '@funnel/sla'
import { formatTime } from '../ask/format.js'
import { style } from '../cli/style.js'
import { table } from '../cli/table.js'
import { daysOff, momentsAfter, type Moment } from './moments.js'

/** What is asked: for a lead of whom, and from which start; without one from several after `now`. */
export interface Asked {
  readonly owner: string | undefined
  readonly at: Instant | undefined
  readonly now: Instant
}

/** What terms, or a promise about periods, make of some moments. */
export interface Block {
  /** Whom it concerns, and what is promised. */
  readonly title: string
  /** The hours that count, as `office@2`; absent: all time counts. */
  readonly calendar?: string
  readonly zone: string
  readonly moments: readonly { readonly moment: string; readonly marks: readonly Mark[] }[]
}

/** Where a clock or period begins, or what it comes to if nothing happens. */
export interface Mark {
  readonly what: string
  readonly at: Instant
}

export interface Preview {
  readonly policy: SlaPolicy
  readonly blocks: readonly Block[]
}

/**
 * When clocks of the policy in a file would be due, by the calendars and teams of some folders, else of those of
 * FUNNEL_DEFINITIONS. Throws INVALID with every mistake in the definitions, and for an owner who is in no team.
 */
export function previewOf(file: string, folders: readonly string[], asked: Asked): Preview {
  const from = folders.length ? [defaultDefinitions, ...folders] : definitionFolders(process.env['FUNNEL_DEFINITIONS'])
  const { draft: policy, definitions } = readDraft('sla', file, from)
  mustBeKnown(asked.owner, definitions)
  const blocks = isPeriodic(policy)
    ? [blockOfPeriods(policy, asked)]
    : policy.terms.map((terms) => blockOf(policy, terms, definitions, asked))
  return { policy, blocks }
}

function mustBeKnown(owner: string | undefined, { teams }: AllDefinitions): void {
  const known = [...new Set(teams.flatMap(({ manager, members }) => [manager, ...members]))].toSorted()
  if (owner === undefined || known.includes(owner)) return
  throw new FunnelError('INVALID', `--owner ${owner} is in no team; there are ${known.join(', ') || 'none'}`, { owner })
}

function blockOf(
  policy: LeadPolicy,
  terms: PolicyTerms,
  definitions: AllDefinitions,
  { owner, at, now }: Asked,
): Block {
  const judged = clockTerms(policy, terms, owner, definitions)
  const { calendar } = judged
  const used = definitions.calendars.find(({ id, version }) => calendar?.split('/')[0] === `${id}@${version}`)
  const zone = used?.zone ?? 'UTC'
  const moments =
    at === undefined ? momentsAfter(now, zone, used ? daysOff(hoursOf(used, owner), now) : []) : [then(at)]
  const timeOf = timesOf(definitions.calendars)
  const others = policy.terms.length > 1 ? 'all other leads' : 'every lead'
  return {
    title: `${terms.where ? inWords(terms.where) : others}: ${terms.target}`,
    ...(calendar !== undefined && { calendar }),
    zone,
    moments: moments.map(({ moment, at }) => ({ moment, marks: marksFrom(at, terms, judged, timeOf) })),
  }
}

/** A clock that starts at an instant, and what it comes to, as the clock itself says it. */
function marksFrom(
  start: Instant,
  { warnings = [], escalations = [] }: PolicyTerms,
  terms: Terms,
  timeOf: TimeOf,
): Mark[] {
  const { clock } = observe(newClock, { id: 'start', type: 'start', occurred: start, recorded: start, terms }, timeOf)
  const marks = pass(clock, Number.MAX_SAFE_INTEGER, timeOf).sayings.flatMap((saying): Mark[] => {
    if (saying.type === 'judged')
      return saying.verdict.outcome === 'breached' ? [{ what: 'due', at: saying.verdict.due }] : []
    const { type, level, at } = saying
    const what =
      type === 'warned' ? `warning ${warnings[level]!.before} before` : `escalation ${escalations[level]!.after} after`
    return [{ what, at }]
  })
  return [{ what: 'starts', at: start }, ...marks]
}

/** Of several moments in one period the first stands for it. */
function blockOfPeriods(policy: PeriodPolicy, { at, now }: Asked): Block {
  const { every, promise } = policy
  const moments = at === undefined ? momentsAfter(now, every.zone, []) : [then(at)]
  const periods = moments.map(({ moment, at }) => ({ moment, ...periodAt(policy, at) }))
  const events = ({ event }: EventPattern) => event.join(' or ')
  const promised =
    'count' in promise
      ? `${promise.at_least} × ${events(promise.count)}`
      : `${Number((promise.at_least * 100).toFixed(3))} % ${events(promise.of)} among ${events(promise.among)}, from ${promise.sample} on`
  return {
    title: `every ${every.period}: at least ${promised}`,
    zone: every.zone,
    moments: periods
      .filter(({ from }, i) => periods.findIndex((one) => one.from === from) === i)
      .map(({ moment, from, to }) => ({
        moment,
        marks: [
          { what: 'begins', at: from },
          { what: 'over, and judged', at: to },
        ],
      })),
  }
}

const then = (at: Instant): Moment => ({ moment: 'then', at })

/** Instants as ISO 8601, in UTC and by the clock on the wall of the zone. */
export const asJson = ({ policy: { id, version, name, party }, blocks }: Preview) => ({
  policy: id,
  version,
  name,
  party,
  terms: blocks.map(({ zone, moments, ...block }) => ({
    ...block,
    zone,
    moments: moments.map(({ moment, marks }) => ({
      moment,
      marks: marks.map(({ what, at }) => ({
        what,
        at: new Date(at).toISOString(),
        local: DateTime.fromMillis(at, { zone }).toISO(),
      })),
    })),
  })),
})

export const asText = ({ policy: { id, version, name, party }, blocks }: Preview): string =>
  [`${style('bold', `${id} version ${version}`)}: ${name}, promised by ${party}`, ...blocks.map(blockAsText)].join(
    '\n\n',
  )

function blockAsText({ title, calendar, zone, moments }: Block): string {
  const rows = moments.flatMap(({ moment, marks }) =>
    marks.map(({ what, at }, i) => [
      i ? '' : moment,
      what,
      DateTime.fromMillis(at, { zone }).toFormat('ccc yyyy-MM-dd HH:mm:ss ZZ'),
      formatTime(new Date(at)),
    ]),
  )
  const columns = [{ title: 'from' }, { title: 'what' }, { title: zone }, { title: 'in UTC' }]
  const hours = calendar === undefined ? '' : ` of ${calendar}`
  return `${style('bold', `${title}${hours}`)}\n${table(columns, rows, (text) => style('dim', text))}`
}
