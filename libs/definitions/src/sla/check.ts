import { IANAZone } from 'luxon'
import { FunnelError, typeOf } from '@funnel/events'
import { compile, type Calendar as Hours, type Exception } from '@funnel/sla'
import { testsOf, type Condition } from '../condition/condition.js'
import { millisOf } from '../duration.js'
import type { DefinitionFiles } from '../kinds.js'
import type { Path, Placed } from '../placed.js'
import type { Calendar } from './calendar.js'
import { hoursOf } from './hours.js'
import { isPeriodic, type EventPattern, type LeadPolicy, type PeriodPolicy, type SlaPolicy } from './policy.js'

/** Whom and what calendars and policies name must exist, and every lead must be judged by some terms. */
export function checkSla(files: DefinitionFiles): string[] {
  const teams = files.team.map(({ value }) => value)
  const known = {
    team: teams.map(({ id }) => id),
    person: [...new Set(teams.flatMap(({ manager, members }) => [manager, ...members]))].toSorted(),
    calendar: files.calendar.map(({ value }) => value.id),
  }
  const exists = (placed: Placed<unknown>, path: Path, kind: keyof typeof known, id: string): string[] =>
    known[kind].includes(id)
      ? []
      : [`${placed.at(path)}: there is no ${kind} ${id}; there are ${known[kind].join(', ') || 'none'}`]

  return [
    ...files.calendar.flatMap((calendar) => [
      ...checkHours(calendar),
      ...(calendar.value.teams ?? []).flatMap((id, i) => exists(calendar, ['teams', i], 'team', id)),
      ...(calendar.value.people ?? []).flatMap(({ person }, i) =>
        exists(calendar, ['people', i, 'person'], 'person', person),
      ),
    ]),
    ...twice(files.calendar, 'teams', ({ teams = [] }) => teams),
    ...twice(files.calendar, 'people', ({ people = [] }) => people.map(({ person }) => person)),
    ...files.sla.flatMap((policy) => {
      if (isPeriodic(policy.value)) return checkPeriodic(policy as Placed<PeriodPolicy>)
      const lead = policy as Placed<LeadPolicy>
      return [
        ...checkEvents(lead),
        ...checkParent(lead, files.sla),
        ...checkTerms(lead),
        ...lead.value.terms.flatMap(({ calendar, escalations = [] }, i) => [
          ...(!calendar
            ? []
            : 'id' in calendar
              ? exists(lead, ['terms', i, 'calendar', 'id'], 'calendar', calendar.id)
              : exists(lead, ['terms', i, 'calendar', 'otherwise'], 'calendar', calendar.otherwise)),
          ...escalations.flatMap(({ reassign }, j) =>
            reassign === undefined ? [] : exists(lead, ['terms', i, 'escalations', j, 'reassign'], 'person', reassign),
          ),
        ]),
      ]
    }),
  ]
}

/** What is wrong with the hours themselves, told where it is: each part is tried with those before it. */
function checkHours({ value, at }: Placed<Calendar>): string[] {
  const { holidays, exceptions, people = [] } = value
  const { id, version, zone, week } = value
  const parts = [
    { path: ['zone'], hours: { id, version, zone, week: 'always' } },
    { path: ['week'], hours: { id, version, zone, week } },
    ...(holidays ? [{ path: ['holidays'], hours: { id, version, zone, week, holidays } }] : []),
    ...(exceptions ? [{ path: ['exceptions'], hours: hoursOf(value).calendar }] : []),
  ] satisfies { path: Path; hours: Hours }[]
  for (const { path, hours } of parts) {
    const mistakes = mistakesOf(hours)
    if (mistakes.length) return mistakes.map((mistake) => `${at(path)}: ${mistake}`)
  }
  return people.flatMap(({ person }, i) => {
    const hours = hoursOf(value, person)
    return mistakesOf(hours.calendar, hours.exceptions).map((mistake) => `${at(['people', i])}: ${mistake}`)
  })
}

function mistakesOf(hours: Hours, personal?: readonly Exception[]): readonly string[] {
  try {
    compile(hours, personal)
    return []
  } catch (error) {
    if (!(error instanceof FunnelError)) throw error
    return error.details['mistakes'] as readonly string[]
  }
}

/** A team or a person has one calendar. */
function twice(
  calendars: readonly Placed<Calendar>[],
  field: 'teams' | 'people',
  idsOf: (calendar: Calendar) => readonly string[],
): string[] {
  const first = new Map<string, string>()
  return calendars.flatMap(({ value, at }) =>
    idsOf(value).flatMap((id, i) => {
      const other = first.get(id)
      if (other === undefined) first.set(id, value.id)
      return other === undefined ? [] : [`${at([field, i])}: ${id} has the calendar ${other} already`]
    }),
  )
}

function checkPeriodic(policy: Placed<PeriodPolicy>): string[] {
  const { every, promise } = policy.value
  const zone = IANAZone.isValidZone(every.zone)
    ? []
    : [`${policy.at(['every', 'zone'])}: there is no time zone ${every.zone}; write a name such as Europe/Berlin`]
  const patterns = 'count' in promise ? { count: promise.count } : { of: promise.of, among: promise.among }
  return [
    ...zone,
    ...Object.entries(patterns).flatMap(([name, pattern]) => [
      ...checkPattern(policy, ['promise', name], pattern),
      ...(pattern.lead
        ? [`${policy.at(['promise', name, 'lead'])}: a promise about periods counts events; leave lead out`]
        : []),
    ]),
  ]
}

/** The policy that it is a part of is about leads, and no part of itself. */
function checkParent({ value, at }: Placed<LeadPolicy>, policies: readonly Placed<SlaPolicy>[]): string[] {
  const { id, parent } = value
  if (parent === undefined) return []
  const leads = policies.flatMap((one) => (isPeriodic(one.value) ? [] : [one.value]))
  if (policies.some((one) => one.value.id === parent && isPeriodic(one.value)))
    return [`${at(['parent'])}: ${parent} is about periods; only a promise about leads has parts`]
  if (!leads.some((one) => one.id === parent))
    return [
      `${at(['parent'])}: there is no policy ${parent} about leads; there are ${leads.map((one) => one.id).join(', ')}`,
    ]
  const line = [id]
  let next: string | undefined = parent
  while (next !== undefined && !line.includes(next)) {
    line.push(next)
    next = leads.find((one) => one.id === next)?.parent
  }
  return next === id ? [`${at(['parent'])}: ${id} is a part of itself: ${[...line, id].join(' is in ')}`] : []
}

const acts = ['starts', 'stops', 'cancels', 'pauses', 'resumes'] as const

function checkEvents(policy: Placed<LeadPolicy>): string[] {
  const { value, at } = policy
  return [
    ...acts.flatMap((act) => (value[act] ?? []).flatMap((pattern, i) => checkPattern(policy, [act, i], pattern))),
    ...(value.pauses && !value.resumes ? [`${at(['pauses'])}: what pauses must go on again: say what resumes`] : []),
    ...(value.resumes && !value.pauses ? [`${at(['resumes'])}: nothing pauses; leave resumes out`] : []),
  ]
}

/** Events of a lead, or of the visitor that its person is. */
const tellsOfLeads = ['lead', 'visitor'] as const

function checkPattern(policy: Placed<SlaPolicy>, path: Path, { event, where, lead }: EventPattern): string[] {
  const { at, value } = policy
  return [
    ...event.flatMap((name, i) => {
      const type = typeOf(name)
      const place = at([...path, 'event', i])
      if (!type || type.name.startsWith('sla.'))
        return [`${place}: there is no event ${name} that a promise can be about`]
      const category = tellsOfLeads.find((one) => one === type.category)
      return category || isPeriodic(value) ? [] : [`${place}: ${name} is no event of a lead`]
    }),
    ...fieldsIn(where).flatMap(({ field, path: inside }) =>
      event.flatMap((name) => {
        const fields = Object.keys(typeOf(name)?.schema.properties ?? {})
        return fields.includes(field.split('.')[0]!)
          ? []
          : [`${at([...path, 'where', ...inside])}: ${name} has no ${field}; it has ${fields.join(', ')}`]
      }),
    ),
    ...checkLeadFields(policy, [...path, 'lead'], lead),
  ]
}

const LEAD_FIELD = /^(owner|account|stage|first-touch[.](channel|campaign)|properties[.].+)$/

const checkLeadFields = ({ at }: Placed<SlaPolicy>, path: Path, condition: Condition | undefined): string[] =>
  fieldsIn(condition).flatMap(({ field, path: inside }) =>
    LEAD_FIELD.test(field)
      ? []
      : [
          `${at([...path, ...inside])}: a lead has no ${field}; it has owner, account, stage, first-touch.channel, first-touch.campaign, properties.<name>`,
        ],
  )

/** The last terms take every lead, and only the last ones do. */
function checkTerms(policy: Placed<LeadPolicy>): string[] {
  const { value, at } = policy
  return value.terms.flatMap(({ where, target, warnings = [] }, i) => {
    const isLast = i === value.terms.length - 1
    return [
      ...(where && isLast
        ? [`${at(['terms', i, 'where'])}: the last terms must take every lead: leave their where out`]
        : []),
      ...(!where && !isLast
        ? [`${at(['terms', i])}: terms without where take every lead: they must be the last ones`]
        : []),
      ...checkLeadFields(policy, ['terms', i, 'where'], where),
      ...warnings.flatMap(({ before }, j) =>
        millisOf(before) < millisOf(target)
          ? []
          : [`${at(['terms', i, 'warnings', j])}: ${before} before it is due it has not begun: there are ${target}`],
      ),
    ]
  })
}

const fieldsIn = (condition: Condition | undefined): { readonly field: string; readonly path: Path }[] =>
  (condition ? testsOf(condition) : []).map(({ test, path }) => ({ field: test.field, path: [...path, 'field'] }))
