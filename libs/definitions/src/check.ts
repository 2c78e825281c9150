import { measures, type Dimension, type Funnel, type Kpi, type Sum } from './definitions.js'
import type { Placed } from './load.js'

type Path = readonly (string | number)[]

/** What a schema cannot see: names that must exist elsewhere. One line per mistake. */
export function check(
  funnel: Placed<Funnel>,
  dimensions: readonly Placed<Dimension>[],
  kpis: readonly Placed<Kpi>[],
): string[] {
  const mistakes: string[] = []
  const stages = funnel.value.stages.map(({ id }) => id)
  const milestones = ['captured', ...stages, 'won']
  for (const [i, id] of stages.entries())
    if (stages.indexOf(id) !== i || id === 'captured' || id === 'won')
      mistakes.push(`${funnel.at(['stages', i, 'id'])}: the stage id ${id} is taken`)
  for (const [i, { from, to }] of funnel.value.conversions.entries())
    for (const [side, name] of [
      ['from', from],
      ['to', to],
    ] as const)
      if (!milestones.includes(name))
        mistakes.push(
          `${funnel.at(['conversions', i, side])}: there is no milestone ${name}; there are ${milestones.join(', ')}`,
        )
  for (const { value, at } of dimensions)
    if (value.id === 'stage') mistakes.push(`${at(['id'])}: stage is a dimension of its own already`)

  for (const { value: kpi, at } of kpis) {
    const sum = ({ measure, measures: several, where }: Sum, path: Path, kind?: 'flow' | 'stock') => {
      for (const name of several ?? [measure!])
        if (!(name in measures))
          mistakes.push(
            `${at([...path, 'measure'])}: there is no measure ${name}; there are ${Object.keys(measures).join(', ')}`,
          )
        else if (kind && measures[name as keyof typeof measures] !== kind)
          mistakes.push(
            `${at([...path, 'measure'])}: ${name} is a ${measures[name as keyof typeof measures]}, this formula needs a ${kind}`,
          )
        else if (where?.stage !== undefined && name.startsWith('stage.') && !stages.includes(where.stage))
          mistakes.push(
            `${at([...path, 'where', 'stage'])}: there is no stage ${where.stage}; there are ${stages.join(', ')}`,
          )
        else if (where?.stage !== undefined && name === 'converted' && !booked(funnel.value, where.stage))
          mistakes.push(
            `${at([...path, 'where', 'stage'])}: the conversion ${where.stage} is not among those of funnel.yaml`,
          )
    }
    const { formula } = kpi
    if ('sum' in formula) sum(formula.sum, ['formula', 'sum'], 'flow')
    else if ('stock' in formula) sum(formula.stock, ['formula', 'stock'], 'stock')
    else if ('elapsed' in formula) sum(formula.elapsed, ['formula', 'elapsed'], 'flow')
    else if ('ratio' in formula) {
      sum(formula.ratio.numerator, ['formula', 'ratio', 'numerator'])
      sum(formula.ratio.denominator, ['formula', 'ratio', 'denominator'])
    } else if (!booked(funnel.value, `${formula.conversion.from}>${formula.conversion.to}`))
      mistakes.push(
        `${at(['formula', 'conversion'])}: the conversion ${formula.conversion.from}>${formula.conversion.to} is not among those of funnel.yaml`,
      )
  }
  return mistakes
}

const booked = ({ conversions }: Funnel, pair: string): boolean =>
  conversions.some(({ from, to }) => `${from}>${to}` === pair)
