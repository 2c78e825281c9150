import { createReadStream } from 'node:fs'
import { basename } from 'node:path'
import { FunnelError } from '@funnel/events'
import { CsvError, parse } from 'csv-parse'
import { unreadable } from './unreadable.js'

/** How a file is written, where it differs from UTF-8 with commas. */
export interface Dialect {
  readonly delimiter?: string
  /** As TextDecoder names it: `windows-1252`, `utf-16le`. */
  readonly encoding?: string
}

/** One data row: the line it begins at (the header is line 1 as a rule) and its cells; or what is wrong with it. */
export interface Line {
  readonly line: number
  readonly cells: readonly string[]
  readonly problem?: string
  /** Bytes of the file read so far, for progress. */
  readonly bytes: number
}

/** A CSV file being read. */
export interface Csv {
  readonly header: readonly string[]
  readonly lines: AsyncIterable<Line>
  /** For one whose lines are not read to their end. */
  close(): Promise<void>
}

const ROW_LIMIT = 1_048_576

/**
 * Opens a CSV file (RFC 4180; BOM, LF, CRLF and CR are fine, also mixed, empty lines are passed over) and reads its header; then
 * streams rows in bounded memory. A row with more or fewer cells than the header is given with a `problem`. Throws
 * INVALID where nothing sensible can follow: no file, no header, a column name twice, broken quotes, wrong encoding, a
 * row beyond 1 MB.
 */
export async function openCsv(path: string, dialect: Dialect = {}): Promise<Csv> {
  const records = readRecords(path, dialect)
  const first = await records.next()
  if (first.done)
    throw new FunnelError('INVALID', `${basename(path)}: the file is empty; it needs a line with column names`)
  const header = first.value.cells.map((name) => name.trim())
  for (const [index, name] of header.entries()) {
    const earlier = header.indexOf(name)
    if (name && earlier < index)
      throw new FunnelError(
        'INVALID',
        `${basename(path)}:${first.value.line}: the column "${name}" is there twice, as number ${earlier + 1} and ${index + 1}; rename one`,
      )
  }
  return { header, lines: checked(records, header.length), close: async () => void (await records.return()) }
}

async function* checked(records: AsyncIterable<Line>, width: number): AsyncIterable<Line> {
  for await (const record of records) {
    const { length } = record.cells
    if (length === width) yield record
    else yield { ...record, problem: `the row has ${length} cells, the header ${width}` }
  }
}

/**
 * Records with the lines they begin at. They are taken out of the parser as it makes them, and not from its stream: an
 * error would discard the good rows still in there. Lines are counted here: the parser's count is off after a quoted CRLF.
 */
async function* readRecords(
  path: string,
  { delimiter = ',', encoding = 'utf-8' }: Dialect,
): AsyncGenerator<Line, void> {
  const file = createReadStream(path)
  const decoder = new TextDecoder(encoding, { fatal: true })
  let ready: Line[] = []
  let line = 1
  const parser = parse({
    delimiter,
    record_delimiter: ['\r\n', '\n', '\r'], // else the first line end decides, and others become part of a cell
    relax_column_count: true,
    max_record_size: ROW_LIMIT,
    on_record: (cells: string[]) => {
      const start = line
      line += 1
      for (const cell of cells) line += cell.match(/\r\n|\n|\r/g)?.length ?? 0
      if (cells.length > 1 || cells[0] !== '') ready.push({ line: start, cells, bytes: file.bytesRead })
      return null
    },
  }).on('error', () => undefined) // write and end report it
  const write = (text: string) =>
    new Promise<void>((resolve, reject) => parser.write(text, (error) => (error ? reject(error) : resolve())))
  const end = () =>
    new Promise<void>((resolve, reject) => parser.end((error?: Error | null) => (error ? reject(error) : resolve())))
  const take = () => {
    const taken = ready
    ready = []
    return taken
  }
  try {
    for await (const chunk of file as AsyncIterable<Buffer>) {
      const text = decoder.decode(chunk, { stream: true })
      if (text) await write(text)
      yield* take()
    }
    const rest = decoder.decode()
    if (rest) await write(rest)
    await end()
    yield* take()
  } catch (error) {
    yield* take()
    throw explained(error, basename(path), line, encoding)
  } finally {
    file.destroy()
    parser.destroy()
  }
}

function explained(error: unknown, file: string, line: number, encoding: string): FunnelError {
  if (error instanceof FunnelError) return error
  const code = (error as NodeJS.ErrnoException).code ?? ''
  if (code === 'ENOENT' || code === 'EISDIR') return unreadable(file, error)
  const reason =
    code === 'ERR_ENCODING_INVALID_ENCODED_DATA'
      ? `after line ${line - 1} there are bytes that are not ${encoding}; name the encoding in the mapping, such as windows-1252`
      : code === 'CSV_QUOTE_NOT_CLOSED' || code === 'CSV_MAX_RECORD_SIZE'
        ? 'the row has an opening quote that is never closed'
        : error instanceof CsvError
          ? 'the row has a quote in the wrong place; quotes inside a cell are written twice, in a cell that is quoted'
          : `cannot be read: ${error instanceof Error ? error.message : String(error)}`
  return new FunnelError('INVALID', `${file}:${line}: ${reason}`, {}, error)
}
