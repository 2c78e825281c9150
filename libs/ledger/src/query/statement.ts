import { createHash } from 'node:crypto'
import type { Instant } from '@funnel/events'

/** SQL with its parameters. The name is the text's, which holds the generation: a prepared statement never outlives it. */
export interface Statement {
  readonly name: string
  readonly text: string
  readonly values: readonly unknown[]
}

/** Collects the parameters of a statement: everything a caller says goes through here, never into the text. */
export class Parameters {
  readonly values: unknown[] = []

  /** The placeholder of a value. */
  add(value: string | number | readonly string[] | null): string {
    return `$${this.values.push(value)}`
  }

  /**
   * The placeholder of an instant. Where ISO 8601 puts a sign before years after 9999, as of a bucket's end, PostgreSQL has none.
   */
  at(instant: Instant): string {
    return `${this.add(new Date(instant).toISOString().replace(/^\+0*/, ''))}::timestamptz`
  }

  statement(generation: number, text: string): Statement {
    const name = `g${generation}_${createHash('sha256').update(text).digest('hex').slice(0, 20)}`
    return { name, text, values: this.values }
  }
}

/** The schema of a generation's tables. Throws on anything that is not a generation's number. */
export function schemaOf(generation: number): string {
  if (!Number.isInteger(generation) || generation < 1) throw new RangeError(`not a generation: ${generation}`)
  return `gen_${generation}`
}

/** An instant column as milliseconds since 1970. */
export const millis = (column: string): string => `(extract(epoch from ${column}) * 1000)::bigint`

/** The generation's own row, read in the snapshot of the data: the first columns of every answer. */
export const basisColumns = `g.state, g.fold, ${millis('g.w')} w, g.parked, g.definitions_hash "definitionsHash"`

/** The generation as the snapshot of an answer saw it. */
export interface BasisRow {
  readonly state: string
  readonly fold: number
  readonly w: Instant | null
  readonly parked: number
  readonly definitionsHash: string
}

/** The statement that reads nothing but the generation's row. */
export function planBasis(generation: number): Statement {
  const parameters = new Parameters()
  const id = parameters.add(generation)
  return parameters.statement(generation, `select ${basisColumns} from read.generation g where id = ${id}`)
}
