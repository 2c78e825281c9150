import { checkChannels } from './channels/check.js'
import type { Dimension, Funnel, Taxonomy } from './definitions.js'
import { checkKpi } from './check-kpi.js'
import type { DefinitionFiles } from './kinds.js'
import type { Placed } from './placed.js'
import { checkQualification } from './qualification/check.js'
import type { Qualification } from './qualification/qualification.js'
import { checkRouting } from './routing/check.js'
import { checkSla } from './sla/check.js'

/** What a schema cannot see: names that must exist elsewhere, and things that do not fit together. One line per mistake. */
export function check(files: DefinitionFiles): string[] {
  const funnel = files.funnel[0]!
  return [
    ...checkFunnel(funnel),
    ...checkEntries(funnel, files.qualification),
    ...files.dimension.flatMap(checkDimension),
    ...files.kpi.flatMap((kpi) => checkKpi(kpi, funnel.value)),
    ...files.reasons.flatMap(checkReasons),
    ...files.qualification.flatMap((rule) => checkQualification(rule, funnel.value)),
    ...checkRouting(files, funnel.value),
    ...files.channels.flatMap(checkChannels),
    ...checkSla(files),
  ]
}

function checkFunnel({ value: { stages, conversions }, at }: Placed<Funnel>): string[] {
  const ids = stages.map(({ id }) => id)
  const milestones = ['captured', ...ids, 'won']
  return [
    ...ids.flatMap((id, i) =>
      milestones.indexOf(id) === i + 1 && id !== 'won'
        ? []
        : [`${at(['stages', i, 'id'])}: there is a milestone ${id} already; name the stage otherwise`],
    ),
    ...conversions.flatMap(({ from, to }, i) => {
      const unknown = Object.entries({ from, to }).filter(([, name]) => !milestones.includes(name))
      if (unknown.length)
        return unknown.map(
          ([side, name]) =>
            `${at(['conversions', i, side])}: there is no milestone ${name}; there are ${milestones.join(', ')}`,
        )
      if (from === 'won') return [`${at(['conversions', i, 'from'])}: nothing is counted from won on; begin earlier`]
      if (from === to) return [`${at(['conversions', i, 'to'])}: a conversion leads from one milestone to another`]
      const twice = conversions.findIndex((other) => other.from === from && other.to === to) < i
      return twice ? [`${at(['conversions', i])}: ${from} to ${to} is listed twice`] : []
    }),
  ]
}

/** What the stages say of how they are entered. */
function checkEntries(
  { value: funnel, at }: Placed<Funnel>,
  qualifications: readonly Placed<Qualification>[],
): string[] {
  const ids = funnel.stages.map(({ id }) => id)
  const rules = qualifications.map(({ value }) => value)
  return [
    ...(['accepted', 'converted'] as const).flatMap((name) => {
      const stage = funnel[name]
      return stage === undefined || ids.includes(stage)
        ? []
        : [`${at([name])}: there is no stage ${stage}; there are ${ids.join(', ')}`]
    }),
    ...funnel.stages.flatMap(({ id, entry }, i) => {
      if (typeof entry !== 'object') return []
      const rule = rules.find((one) => one.id === entry.rule)
      const place = at(['stages', i, 'entry', 'rule'])
      if (!rule)
        return [
          `${place}: there is no qualification ${entry.rule}; there are ${rules.map((one) => one.id).join(', ') || 'none'}`,
        ]
      return rule.stage === id ? [] : [`${place}: the qualification ${rule.id} leads to ${rule.stage}, not to ${id}`]
    }),
  ]
}

function checkDimension({ value: { id, sources }, at }: Placed<Dimension>): string[] {
  const mistakes: string[] = []
  if (id === 'stage') mistakes.push(`${at(['id'])}: every entry has its stage already; name the dimension otherwise`)
  for (const [subject, all] of [
    ['deal', 'deals'],
    ['clock', 'clocks'],
  ] as const) {
    if (sources[subject]?.from !== 'lead') continue
    const place = at(['sources', subject, 'from'])
    if (!sources.lead) mistakes.push(`${place}: ${all} cannot take ${id} from their lead, leads have no source for it`)
    if (sources.lead?.from === 'reason')
      mistakes.push(
        `${place}: a reason is that of the event which gives it; ${subject === 'deal' ? 'write reason, deals have their own' : 'clocks have none'}`,
      )
  }
  for (const [subject, source] of Object.entries(sources)) {
    if (source.attribute !== undefined && source.from !== 'owner')
      mistakes.push(
        `${at(['sources', subject, 'attribute'])}: only an owner has a ${source.attribute}, ${source.from} has none`,
      )
    if (source.value === 'at_event' && /^(lead$|first-touch\.)/.test(source.from))
      mistakes.push(
        `${at(['sources', subject, 'value'])}: what comes from ${source.from} is always as known now; write latest, or leave value out`,
      )
    if (source.value === 'latest' && source.from === 'reason')
      mistakes.push(
        `${at(['sources', subject, 'value'])}: a reason is that of the event which gives it; write at_event, or leave value out`,
      )
  }
  return mistakes
}

function checkReasons({ value: { reasons }, at }: Placed<Taxonomy>): string[] {
  const ids = reasons.map(({ id }) => id)
  return reasons.flatMap(({ id, note }, i) => {
    if (ids.indexOf(id) < i) return [`${at(['reasons', i, 'id'])}: there is a reason ${id} already`]
    return id === 'other' && !note ? [`${at(['reasons', i])}: other alone says nothing: it needs note: true`] : []
  })
}
