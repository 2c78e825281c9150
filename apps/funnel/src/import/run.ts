import { basename } from 'node:path'
import { FunnelError, type Refused } from '@funnel/events'
import { judged, type Judged } from '@funnel/event-store'
import type { Checkpoint, Progressed } from './checkpoint.js'
import { openCsv, type Csv } from './csv.js'
import type { ErrorFile, RowError } from './error-file.js'
import type { Source } from './files.js'
import { loadJoin, type JoinTable } from './join.js'
import { mapperOf, type Draft, type Mapper, type Reading } from './mapper.js'
import type { PlannedJoin } from './plan.js'
import type { Progress } from './progress.js'
import { addUnmatched, countsOf, emptyReport, type Report } from './report.js'
import type { Sink, Told } from './sink.js'

/** Everything an import needs. */
export interface ImportRun {
  readonly importId: string
  readonly mappingHash: string
  /** The source of all events. */
  readonly source: string
  readonly sources: readonly Source[]
  readonly sink: Sink
  readonly checkpoint: Checkpoint
  /** What an earlier run has done; its rows are passed over. */
  readonly before: Progressed
  readonly errors?: ErrorFile
  readonly progress: Progress
}

const BATCH = 1_000
const SHOWN_ERRORS = 5

/** An event on its way, and the row it came from. */
interface Pending {
  readonly event: Told
  readonly file: string
  readonly line: number
}

/**
 * Looks whether the mapping fits every file before it sends anything; then reads them all, maps and checks every row, and
 * sends events in batches of about 1,000; after each batch its row errors are written and then the number of rows done is
 * saved. Row errors do not stop it. Throws what stops it: a file that cannot be read on, a mapping that does not fit a file, a
 * sink that stays unreachable. Run again, it goes on after the last saved row.
 */
export async function runImport(run: ImportRun): Promise<Report> {
  const { importId, sink, before } = run
  const report = emptyReport(importId, sink.name, before)
  let pending: Pending[] = []
  let unwritten: RowError[] = []
  let row = 0
  let bytesBefore = 0

  const fail = (error: RowError) => {
    report.errors++
    if (report.firstErrors.length < SHOWN_ERRORS) report.firstErrors.push(error)
    unwritten.push(error)
  }

  /** An error is written with the rows it belongs to, and not before: rows that are read again would tell it again. */
  const save = async (done: boolean) => {
    await run.errors?.add(unwritten)
    unwritten = []
    await run.checkpoint.save(importId, {
      file: run.sources.map(({ path }) => basename(path)).join(', '),
      mappingHash: run.mappingHash,
      rows: row,
      errors: before.errors + report.errors,
      done,
    })
  }

  const send = async () => {
    const batch = pending
    pending = []
    if (!batch.length) return
    const verdicts = await sink.send(batch.map(({ event }) => event))
    if (verdicts.length !== batch.length)
      throw new FunnelError('INTERNAL', `${sink.name} gave ${verdicts.length} verdicts on ${batch.length} events`)
    for (const [index, { outcome, code, field, message }] of verdicts.entries()) {
      const { event, file, line } = batch[index]!
      countsOf(report, event.type)[outcome]++
      if (outcome === 'conflict' || outcome === 'rejected')
        fail({
          file,
          line,
          event: event.type,
          field,
          code: code ?? outcome.toUpperCase(),
          message: message ?? 'an event with this id and other content is in the log already',
        })
    }
  }

  const take = (reading: Reading, file: string, line: number) => {
    if ('skipped' in reading) report.skipped[reading.skipped] = (report.skipped[reading.skipped] ?? 0) + 1
    else if ('wrong' in reading) fail({ file, line, code: 'INVALID', ...reading.wrong })
    else {
      const checked = check(reading.events, run)
      if ('refused' in checked)
        fail({
          file,
          line,
          event: checked.type,
          code: checked.refused.code,
          field: checked.refused.field,
          message: checked.refused.message,
        })
      else for (const event of checked.events) pending.push({ event, file, line })
    }
  }

  const tables = joinTables()
  for (const source of run.sources) await (await open(source, run.source, tables)).close()
  for (const source of run.sources) {
    const { read, lines, unmatched } = await open(source, run.source, tables)
    const file = basename(source.path)
    for await (const line of lines) {
      if (++row <= before.rows) continue
      report.rows++
      run.progress.update(bytesBefore + line.bytes, row)
      take(line.problem === undefined ? read(line.cells) : { wrong: { message: line.problem } }, file, line.line)
      if (pending.length + unwritten.length < BATCH) continue
      await send()
      await save(false)
    }
    bytesBefore += source.bytes
    for (const [as, { rows, examples }] of unmatched) addUnmatched(report, as, rows, examples)
  }
  await send()
  await save(true)
  return report
}

/** A file with the reader of its rows. Throws INVALID where the mapping does not fit it, or the files that it is joined to. */
async function open({ path, input, joins }: Source, source: string, tableOf: JoinTables): Promise<Csv & Mapper> {
  const tables: JoinTable[] = []
  for (const [index, join] of input.joins.entries()) tables.push(await tableOf(joins[index]!, join))
  const csv = await openCsv(path, input.dialect)
  try {
    return { ...csv, ...mapperOf(input, source, csv, path, tables) }
  } catch (error) {
    await csv.close()
    throw error
  }
}

type JoinTables = (path: string, join: PlannedJoin) => Promise<JoinTable>

/** The tables of joins, each loaded once, however many files are joined to it. */
function joinTables(): JoinTables {
  const loaded = new Map<string, Promise<JoinTable>>()
  return (path, { on, dialect }) => {
    const columns = on.map(({ column }) => column)
    const key = JSON.stringify([path, columns, dialect])
    let table = loaded.get(key)
    if (!table) loaded.set(key, (table = loadJoin(path, columns, dialect)))
    return table
  }
}

/** The events of a row as the public door would take them; all or none. */
function check(
  drafts: readonly Draft[],
  { source, importId }: ImportRun,
): { readonly events: readonly Told[] } | { readonly refused: Refused; readonly type: string } {
  const events: Told[] = []
  for (const draft of drafts) {
    const one = judged({ ...draft }, { source, receivedAt: 0, importid: importId })
    if (!one.verdict.ok) return { refused: one.verdict, type: draft.type }
    events.push(toldBy(one, one.verdict.event))
  }
  return { events }
}

/** The event as it was sent: who it is about is for the vault to say. */
function toldBy(one: Judged, event: Told): Told {
  if (!('personal' in one)) return event
  const { personal, supply } = one
  if (!supply) return { ...event, personal }
  const { person: _, ...data } = event.data as { readonly person?: unknown }
  return { ...event, data, personal }
}
