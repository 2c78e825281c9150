/**
 * Rows in PostgreSQL's binary formats: for COPY, the cheapest there is, and as an array per column for statements that
 * unnest them. Node spends a third of what JSON costs on it, PostgreSQL half.
 */

type Value = number | bigint | string | boolean | readonly (number | bigint | string | null)[]

/** What one column of a table is made of. */
export interface Column<Row> {
  readonly name: string
  readonly type: keyof typeof types
  readonly of: (row: Row) => Value | null | undefined
  /** SQL of the value, by the column's name, where what is sent is another. */
  readonly sql?: string
}

/** SQL: the rows that are given by the values of each column, see `arraysOf`. */
export const selectOf = (columns: readonly Column<never>[]): string => {
  const names = columns.map(({ name }) => `"${name}"`).join(', ')
  const values = columns.map(({ name, sql }) => sql ?? `"${name}"`).join(', ')
  return `select ${values} from unnest(${columns.map(({ type }, index) => `$${index + 1}::${type}[]`).join(', ')}) r (${names})`
}

/** The values of each column, for the parameters of `unnest`. A value of null or undefined is null. */
export const arraysOf = <Row>(columns: readonly Column<Row>[], rows: readonly Row[]): Buffer[] => {
  const bytes = new Bytes()
  const ends = columns.map(({ type, of }) => {
    const { oid, write } = types[type]
    bytes.arrayOf(oid, rows.length)
    for (const row of rows) bytes.field(write as Write<unknown>, of(row))
    return bytes.length
  })
  const all = bytes.taken()
  return ends.map((end, index) => all.subarray(ends[index - 1] ?? 0, end))
}

/** The rows as `copy … from stdin (format binary)` takes them. A value of null or undefined is null. */
export const copyOf = <Row>(columns: readonly Column<Row>[], rows: readonly Row[]): Buffer => {
  const bytes = new Bytes()
  bytes.raw(COPY_SIGNATURE)
  bytes.int4(0) // flags
  bytes.int4(0) // no more of a header
  const fields = columns.map(({ type, of }) => ({ write: types[type].write as Write<unknown>, of }))
  for (const row of rows) {
    bytes.int2(fields.length)
    for (const { write, of } of fields) bytes.field(write, of(row))
  }
  bytes.int2(-1)
  return bytes.taken()
}

const COPY_SIGNATURE = Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1')
/** 2000-01-01, from which PostgreSQL counts microseconds. */
const EPOCH = 946_684_800_000
const WORD = 2 ** 32

/** Writes one value, without its length. */
type Write<Value> = (bytes: Bytes, value: Value) => void

/** A buffer that grows. Short ASCII texts, nearly all there are, are copied here: a call into Node costs more. */
class Bytes {
  #buffer = Buffer.allocUnsafeSlow(1 << 16)
  /** Over the same bytes: of what writes numbers there, the cheapest. It takes any, and cuts off what does not fit. */
  #view = new DataView(this.#buffer.buffer)
  #at = 0

  /** A value after its length, or a null. */
  field<Value>(write: Write<Value>, value: Value | null | undefined): void {
    this.#room(4)
    const at = this.#at
    this.#at += 4
    if (value === null || value === undefined) {
      this.#view.setInt32(at, -1)
      return
    }
    write(this, value)
    this.#view.setInt32(at, this.#at - at - 4)
  }

  int1(value: number): void {
    this.#room(1)
    this.#view.setInt8(this.#at++, value)
  }

  int2(value: number): void {
    if ((value << 16) >> 16 !== value) throw new RangeError(`${value} is no integer of 16 bits`)
    this.#room(2)
    this.#view.setInt16(this.#at, value)
    this.#at += 2
  }

  int4(value: number): void {
    if ((value | 0) !== value) throw new RangeError(`${value} is no integer of 32 bits`)
    this.#room(4)
    this.#view.setInt32(this.#at, value)
    this.#at += 4
  }

  /** A safe integer, or any of 64 bits. */
  int8(value: number | bigint): void {
    if (typeof value === 'bigint' ? BigInt.asIntN(64, value) !== value : !Number.isSafeInteger(value))
      throw new RangeError(`${value} is no integer of 64 bits that is known exactly`)
    this.#room(8)
    if (typeof value === 'bigint') this.#view.setBigInt64(this.#at, value)
    else {
      this.#view.setInt32(this.#at, Math.floor(value / WORD))
      this.#view.setUint32(this.#at + 4, value)
    }
    this.#at += 8
  }

  float8(value: number): void {
    this.#room(8)
    this.#view.setFloat64(this.#at, value)
    this.#at += 8
  }

  /** Microseconds since 2000 of milliseconds since 1970; exact also where the product is no safe integer. */
  time(value: number): void {
    this.#room(8)
    const since = value - EPOCH
    const low = (since >>> 0) * 1000
    this.#view.setInt32(this.#at, Math.floor(since / WORD) * 1000 + Math.floor(low / WORD))
    this.#view.setUint32(this.#at + 4, low)
    this.#at += 8
  }

  text(value: string): void {
    this.#room(value.length * 3)
    const buffer = this.#buffer
    const start = this.#at
    const end = value.length > SHORT ? 0 : value.length
    for (let index = 0; index < end; index++) {
      const code = value.charCodeAt(index)
      if (code > 127) {
        this.#at = start + buffer.write(value, start)
        return
      }
      buffer[start + index] = code
    }
    this.#at = start + (end || buffer.write(value, start))
  }

  /** As text it has hyphens before the bytes 4, 6, 8 and 10. */
  uuid(value: string): void {
    if (!UUID.test(value)) throw new RangeError(`${value} is no UUID`)
    this.#room(16)
    for (let byte = 0, at = 0; byte < 16; byte++, at += 2) {
      if (byte === 4 || byte === 6 || byte === 8 || byte === 10) at++
      this.#buffer[this.#at++] = (nibble(value, at) << 4) | nibble(value, at + 1)
    }
  }

  /** The beginning of an array of one dimension, before its values. */
  arrayOf(oid: number, length: number): void {
    this.int4(1) // dimensions
    this.int4(1) // may hold nulls
    this.int4(oid)
    this.int4(length)
    this.int4(1) // the first index
  }

  raw(value: Buffer): void {
    this.#room(value.length)
    this.#at += value.copy(this.#buffer, this.#at)
  }

  get length(): number {
    return this.#at
  }

  /** What was written; nothing may be written after. */
  taken(): Buffer {
    return this.#buffer.subarray(0, this.#at)
  }

  #room(bytes: number): void {
    if (this.#at + bytes <= this.#buffer.length) return
    const larger = Buffer.allocUnsafeSlow(Math.max(this.#buffer.length * 2, this.#at + bytes))
    this.#buffer.copy(larger, 0, 0, this.#at)
    this.#buffer = larger
    this.#view = new DataView(larger.buffer)
  }
}

const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i

/** What a hexadecimal digit stands for. */
const nibble = (text: string, at: number): number => {
  const code = text.charCodeAt(at)
  return (code & 15) + (code > 64 ? 9 : 0)
}

/** Texts up to this long are copied a character at a time. */
const SHORT = 48

const int4: Write<number> = (bytes, value) => bytes.int4(value)
const int8: Write<number | bigint> = (bytes, value) => bytes.int8(value)
const text: Write<string> = (bytes, value) => bytes.text(value)
const types = {
  boolean: type<boolean>(16, (bytes, value) => bytes.int1(Number(value))),
  smallint: type<number>(21, (bytes, value) => bytes.int2(value)),
  int: type<number>(23, int4),
  bigint: type<number | bigint>(20, int8),
  float8: type<number>(701, (bytes, value) => bytes.float8(value)),
  /** Milliseconds since 1970. */
  timestamptz: type<number>(1184, (bytes, value) => bytes.time(value)),
  text: type<string>(25, text),
  /** The text of a JSON document. */
  json: type<string>(114, text),
  /** The same. */
  jsonb: type<string>(3802, (bytes, value) => {
    bytes.int1(1) // the version of the format
    bytes.text(value)
  }),
  uuid: type<string>(2950, (bytes, value) => bytes.uuid(value)),
  'int[]': type<readonly number[]>(1007, (bytes, values) => {
    bytes.arrayOf(23, values.length)
    for (const value of values) bytes.field(int4, value)
  }),
  'text[]': type<readonly (string | null)[]>(1009, (bytes, values) => {
    bytes.arrayOf(25, values.length)
    for (const value of values) bytes.field(text, value)
  }),
  'bigint[]': type<readonly (number | bigint)[]>(1016, (bytes, values) => {
    bytes.arrayOf(20, values.length)
    for (const value of values) bytes.field(int8, value)
  }),
} as const

function type<Value>(oid: number, write: Write<Value>): { readonly oid: number; readonly write: Write<never> } {
  return { oid, write }
}
