import { exponentOf, topicById } from '@funnel/events'
import type { Kpi } from '@funnel/definitions'
import {
  isStock,
  noteOf,
  provisional,
  quantityOf,
  type BasisRow,
  type Cell,
  type EntryRow,
  type Money,
  type NoValueReason,
  type Quantity,
  type Question,
  type Row,
  type Value,
} from '@funnel/ledger'
import * as api from '@funnel/query-api'
import type { Answered } from './answers.js'

/** Domain answers as messages of funnel.v1. */

export const toAnswer = (question: Question, { kpi, used, generation, basis, rows }: Answered): api.KpiAnswer => ({
  definition: toDefinition(kpi),
  basis: toBasis(question.knownAt, generation, basis),
  note: noteOf(question, kpi, basis),
  rows: rows.map((row) => ({ ...toPlace(question, row), cell: toCell(row.cell) })),
  used: used.map(({ definition, version, from }) => ({
    definition,
    version,
    effectiveFrom: from === undefined ? undefined : new Date(from),
  })),
})

const units = {
  count: api.Unit.UNIT_COUNT,
  ratio: api.Unit.UNIT_RATIO,
  money: api.Unit.UNIT_MONEY,
  duration: api.Unit.UNIT_DURATION,
} as const

export const toDefinition = (kpi: Kpi): api.KpiDefinition => ({
  id: kpi.id,
  version: kpi.version,
  name: kpi.name,
  description: kpi.description,
  unit: units[kpi.unit],
  grain: kpi.grain,
  marketingOwner: kpi.owners.marketing,
  salesOwner: kpi.owners.sales,
  formulaJson: JSON.stringify(kpi.formula),
  stock: isStock(kpi.formula),
  timeZone: 'UTC', // see questionOf
})

export function toBasis(knownAt: number | undefined, generation: number, basis: BasisRow): api.Basis {
  const reasons = provisional(knownAt, basis)
  return {
    watermark: basis.w === null ? undefined : new Date(basis.w),
    finality: reasons.length ? api.Finality.FINALITY_PROVISIONAL : api.Finality.FINALITY_FINAL,
    reasons,
    generation,
    fold: basis.fold,
    definitionsHash: basis.definitionsHash,
    parked: basis.parked,
  }
}

/** Bucket and dimension values of a row. */
export const toPlace = (question: Question, { bucketStart, bucketEnd, values }: Omit<Row, 'cell'>) => ({
  bucketStart: bucketStart === undefined ? undefined : new Date(bucketStart),
  bucketEnd: bucketEnd === undefined ? undefined : new Date(bucketEnd),
  dimensions: values.map((value, index) => ({ dimension: question.by[index] ?? '', value: value ?? undefined })),
})

export const toCell = ({ value, numerator, denominator, sampleSize, immature }: Cell): api.KpiCell => ({
  value: toValue(value),
  numerator: numerator && toQuantity(numerator),
  denominator: denominator && toQuantity(denominator),
  sampleSize,
  immature,
})

const reasons: Readonly<Record<NoValueReason, api.NoValueReason>> = {
  'denominator-zero': api.NoValueReason.NO_VALUE_REASON_DENOMINATOR_ZERO,
  'no-data': api.NoValueReason.NO_VALUE_REASON_NO_DATA,
  'several-currencies': api.NoValueReason.NO_VALUE_REASON_SEVERAL_CURRENCIES,
  immature: api.NoValueReason.NO_VALUE_REASON_IMMATURE,
  inexact: api.NoValueReason.NO_VALUE_REASON_INEXACT,
}

function toValue(value: Value): NonNullable<api.KpiCell['value']> {
  if (value.unit === 'none')
    return { $case: 'noValue', value: { reason: reasons[value.reason], message: value.message } }
  if (value.unit === 'money') return { $case: 'money', value: toMoney(value.money) }
  return { $case: value.unit === 'duration' ? 'seconds' : value.unit, value: value.number }
}

export const toMoney = ({ minor, currency }: Money): api.Money => ({ minor, currency, exponent: exponentOf(currency) })

export function toQuantity(quantity: Quantity): api.Quantity {
  if ('count' in quantity) return { amount: { $case: 'count', value: quantity.count } }
  const [money, ...others] = quantity.money
  return money && !others.length
    ? { amount: { $case: 'money', value: toMoney(money) } }
    : { amount: { $case: 'parts', value: { parts: quantity.money.map(toMoney) } } }
}

export function toEntry(row: EntryRow): api.Entry {
  const amount = quantityOf([{ currency: row.currency, amount: BigInt(row.amount) }])
  return {
    measure: row.measure,
    amount: amount && toQuantity(amount),
    side: row.side === 'denominator' ? api.Side.SIDE_DENOMINATOR : api.Side.SIDE_NUMERATOR,
    occurredAt: new Date(row.occurredAt),
    recordedAt: new Date(row.recordedAt),
    cohortAt: row.cohortAt === null ? undefined : new Date(row.cohortAt),
    elapsedSeconds: row.elapsed ?? undefined,
    subjectKind: row.subjectKind,
    subject: row.subject,
    stage: row.stage ?? undefined,
    dimensions: Object.entries(row.dimensions ?? {}).map(([dimension, value]) => ({ dimension, value })),
    ordinal: row.ordinal,
    event: row.event ? toEvent({ ...row.event, ...placeOf(row) }) : undefined,
  }
}

/** An event and its place in the log, as the table `fact` has it. */
export type EventRow = NonNullable<EntryRow['event']> & Pick<EntryRow, 'topic' | 'partition' | 'position'>

export const toEvent = (row: EventRow): api.Event => ({
  id: row.id,
  type: row.type,
  source: row.source,
  stream: row.stream,
  version: row.version,
  occurredAt: new Date(row.occurredAt),
  recordedAt: new Date(row.recordedAt),
  position: { topic: topicById(row.topic), partition: row.partition, position: row.position },
  dataJson: JSON.stringify(row.data),
})

const placeOf = ({ topic, partition, position }: EntryRow) => ({ topic, partition, position })
