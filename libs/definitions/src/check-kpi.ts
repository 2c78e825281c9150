import { grainOf, measures, stagesOf, type Funnel, type Kpi, type Measure, type Sum } from './definitions.js'
import type { Path, Placed } from './placed.js'

/** What does not fit in a KPI: unknown names, and a unit or grain that is not that of its formula. */
export function checkKpi({ value: kpi, at }: Placed<Kpi>, funnel: Funnel): string[] {
  const mistakes: string[] = []
  const mistake = (path: Path, text: string) => mistakes.push(`${at(path)}: ${text}`)
  const { formula } = kpi

  /** Checks one sum and gives its measures. */
  const sum = (part: Sum, path: Path): readonly Measure[] => {
    const named = part.measures
      ? part.measures.map((name, i) => ({ name, path: [...path, 'measures', i] }))
      : [{ name: part.measure ?? '', path: [...path, 'measure'] }]
    for (const one of named)
      if (!isMeasure(one.name))
        mistake(one.path, `there is no measure ${one.name}; there are ${Object.keys(measures).join(', ')}`)
    const known = named.map(({ name }) => name).filter(isMeasure)
    if (known.length < named.length) return []
    const one = (of: (measure: Measure) => unknown) => new Set(known.map(of)).size === 1
    if (!one((measure) => measures[measure])) {
      mistake(path, 'a flow and a stock cannot be added up: one belongs to a period, the other to an instant')
      return []
    }
    if (!one(isMoney)) {
      mistake(path, 'a count and a value cannot be added up')
      return []
    }
    const { stage } = part.where ?? {}
    if (stage !== undefined)
      for (const measure of known) {
        const reason = stageMistake(measure, stage, funnel)
        if (reason) mistake([...path, 'where', 'stage'], reason)
      }
    for (const measure of known)
      if (grainOf(measure) !== kpi.grain)
        mistake(['grain'], `${measure} counts by ${grainOf(measure)}, not by ${kpi.grain}`)
    return known
  }
  const unit = (right: Kpi['unit']) => {
    if (kpi.unit !== right) mistake(['unit'], `the formula gives a ${right}, not a ${kpi.unit}`)
  }
  const kind = (known: readonly Measure[], right: 'flow' | 'stock', path: Path) => {
    for (const measure of known)
      if (measures[measure] !== right)
        mistake(path, `${measure} is a ${measures[measure]}; write ${measures[measure] === 'flow' ? 'sum' : 'stock'}`)
    if (known.length) unit(known.every(isMoney) ? 'money' : 'count')
  }

  if ('sum' in formula) kind(sum(formula.sum, ['formula', 'sum']), 'flow', ['formula', 'sum'])
  else if ('stock' in formula) kind(sum(formula.stock, ['formula', 'stock']), 'stock', ['formula', 'stock'])
  else if ('elapsed' in formula) {
    const path = ['formula', 'elapsed']
    for (const measure of sum(formula.elapsed, path)) {
      if (!timed.includes(measure)) mistake([...path, 'measure'], `${measure} takes no time; ${timed.join(', ')} do`)
      if (measure === 'converted' && formula.elapsed.where?.stage === undefined)
        mistake([...path, 'measure'], 'converted needs where: { stage: from>to }, to say from what to what')
    }
    unit('duration')
  } else if ('ratio' in formula) {
    const above = sum(formula.ratio.numerator, ['formula', 'ratio', 'numerator'])
    const below = sum(formula.ratio.denominator, ['formula', 'ratio', 'denominator'])
    const same = (of: (measure: Measure) => unknown) => new Set([...above, ...below].map(of)).size === 1
    // money for each of what is counted is a mean
    const mean = above.every(isMoney) && !below.some(isMoney)
    if (above.length && below.length) {
      if (!same((measure) => measures[measure]) || !(same(isMoney) || mean))
        mistake(
          ['formula', 'ratio'],
          'numerator and denominator must be of one kind: flows or stocks, counts or values (or a value over a count: a mean)',
        )
      else unit(mean ? 'money' : 'ratio')
    }
  } else {
    const pair = `${formula.conversion.from}>${formula.conversion.to}`
    const reason = stageMistake('converted', pair, funnel)
    if (reason) mistake(['formula', 'conversion'], reason)
    if (kpi.grain !== 'lead') mistake(['grain'], `a conversion counts by lead, not by ${kpi.grain}`)
    unit('ratio')
  }
  return mistakes
}

/** Measures whose entries know how long it took. */
const timed: readonly Measure[] = ['converted', 'deal.won', 'deal.lost', 'sla.answered', 'sla.late']

const isMeasure = (name: string): name is Measure => Object.hasOwn(measures, name)

const isMoney = (measure: Measure): boolean => measure.endsWith('.value')

/** Why no entry of the measure can have this stage; undefined where it can. Stages of deals are free. */
function stageMistake(measure: Measure, stage: string, { stages, conversions }: Funnel): string | undefined {
  const of = stagesOf(measure)
  if (of === 'pairs') {
    const pairs = conversions.map(({ from, to }) => `${from}>${to}`)
    return pairs.includes(stage)
      ? undefined
      : `the conversion ${stage} is not booked; funnel.yaml lists ${pairs.join(', ') || 'none'}`
  }
  if (of === 'funnel') {
    const ids = stages.map(({ id }) => id)
    return ids.includes(stage) ? undefined : `there is no stage ${stage}; there are ${ids.join(', ')}`
  }
  return of === 'deal' ? undefined : `${measure} has no stage`
}
