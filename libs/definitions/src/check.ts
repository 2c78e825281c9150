import type { Dimension, Funnel, Kpi } from './definitions.js'
import { checkKpi } from './check-kpi.js'
import type { Placed } from './placed.js'

/** What a schema cannot see: names that must exist elsewhere, and things that do not fit together. One line per mistake. */
export const check = (
  funnel: Placed<Funnel>,
  dimensions: readonly Placed<Dimension>[],
  kpis: readonly Placed<Kpi>[],
): string[] => [
  ...checkFunnel(funnel),
  ...dimensions.flatMap(checkDimension),
  ...kpis.flatMap((kpi) => checkKpi(kpi, funnel.value)),
]

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

function checkDimension({ value: { id, sources }, at }: Placed<Dimension>): string[] {
  const mistakes: string[] = []
  if (id === 'stage') mistakes.push(`${at(['id'])}: every entry has its stage already; name the dimension otherwise`)
  if (sources.deal?.from === 'lead' && !sources.lead)
    mistakes.push(
      `${at(['sources', 'deal', 'from'])}: deals cannot take ${id} from their lead, leads have no source for it`,
    )
  for (const [subject, source] of Object.entries(sources))
    if (source.value === 'at_event' && /^(lead$|first-touch\.)/.test(source.from))
      mistakes.push(
        `${at(['sources', subject, 'value'])}: what comes from ${source.from} is always as known now; write latest, or leave value out`,
      )
  return mistakes
}
