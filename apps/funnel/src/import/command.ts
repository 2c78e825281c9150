import { existsSync } from 'node:fs'
import { Option, type Command } from 'commander'
import { FunnelError } from '@funnel/events'
import { command } from '../cli/command.js'
import { exits } from '../cli/exit.js'
import { findRunning, type Choice } from '../workspace/locate.js'
import { atStart, noCheckpoint, storeCheckpoint, type Checkpoint } from './checkpoint.js'
import { drySink } from './dry-sink.js'
import { errorFileOf, openErrorFile } from './error-file.js'
import { hashText, importIdOf, sourcesOf } from './files.js'
import { httpSink } from './http-sink.js'
import { readMapping } from './mapping.js'
import { planOf } from './plan.js'
import { progressOn, silent } from './progress.js'
import { emptyReport, renderReport, type Report } from './report.js'
import { runImport } from './run.js'
import type { Sink } from './sink.js'
import { storeSink } from './store-sink.js'

/** Where the platform can be reached. */
interface Target {
  /** The public door, e.g. http://127.0.0.1:7070, and a write key for it. */
  readonly url?: string | undefined
  readonly key?: string | undefined
  /** The store's database. */
  readonly databaseUrl?: string | undefined
}

interface Flags extends Target, Choice {
  readonly mapping: string
  readonly dryRun?: true
  readonly direct?: true
  readonly via?: 'http' | 'store'
  readonly errors?: string
  readonly json?: true
  readonly restart?: true
}

/** `funnel import`: CSV files by a mapping, into the workspace that runs or into what flags and environment name. */
export const importCommand = (): Command =>
  command('import', 'Import the CSV files of any tool by a mapping', [
    'npx funnel import leads.csv --mapping map.yaml --dry-run',
    'npx funnel import leads.csv deals.csv --mapping map.yaml',
  ])
    .argument('<file...>', 'CSV files; files that are only joined may be left out when they lie beside the others')
    .requiredOption('-m, --mapping <file>', 'the mapping, YAML (docs/import.md)')
    .option('--dry-run', 'read and check everything, show what would be recorded, write nothing')
    .addOption(
      new Option('--via <road>', 'http: through the public door; store: straight to the database').choices([
        'http',
        'store',
      ]),
    )
    .option('--direct', 'the same as --via store')
    .option('-w, --workspace <name>', 'the workspace to import into (FUNNEL_WORKSPACE)')
    .option('--data-dir <folder>', 'where workspaces lie (FUNNEL_DATA_DIR)')
    .option('--url <url>', 'the public door (FUNNEL_URL)')
    .option('--key <key>', 'a write key for the public door (FUNNEL_WRITE_KEY)')
    .option('--database-url <url>', "the store's database (DATABASE_URL)")
    .option(
      '--errors <file>',
      'where row errors go (default: the first file with .errors.csv; a dry run shows the first few)',
    )
    .option('--restart', 'send all rows again, also those done by an earlier run')
    .action(async (files: string[], flags: Flags) => {
      const report = await importFiles(files, flags)
      process.stdout.write(`${flags.json ? JSON.stringify(report) : renderReport(report)}\n`)
      if (report.errors + report.errorsBefore) process.exitCode = exits.failure
    })

async function importFiles(files: readonly string[], flags: Flags): Promise<Report> {
  const mapping = await readMapping(flags.mapping)
  const plan = planOf(mapping)
  const sources = await sourcesOf(plan, files)
  const mappingHash = hashText(mapping.text)
  const importId = await importIdOf(mappingHash, sources)
  const progress = flags.json
    ? silent
    : progressOn(
        process.stderr,
        sources.reduce((sum, { bytes }) => sum + bytes, 0),
      )
  const common = { importId, mappingHash, source: plan.source, sources, progress }
  if (flags.dryRun) {
    const sink = drySink()
    const errors = flags.errors === undefined ? undefined : await openErrorFile(flags.errors, false)
    try {
      const run = { ...common, sink, checkpoint: noCheckpoint, before: atStart, ...(errors && { errors }) }
      const report = { ...(await runImport(run)), examples: Object.fromEntries(sink.examples) }
      return errors ? withErrorFile(report, errors.path) : report
    } finally {
      progress.stop()
      await errors?.close()
    }
  }

  const road = await open(flags, importId)
  try {
    const before = flags.restart ? atStart : await road.checkpoint.load(importId)
    const errorFile = flags.errors ?? errorFileOf(files[0]!)
    if (before.done) return withErrorFile(emptyReport(importId, road.sink.name, before), errorFile)
    const errors = await openErrorFile(errorFile, before.rows > 0)
    try {
      return withErrorFile(await runImport({ ...common, ...road, before, errors }), errorFile)
    } finally {
      await errors.close()
    }
  } finally {
    progress.stop()
    await road.sink.close()
    await road.checkpoint.close()
  }
}

/** The report with the file that its errors are in; an earlier run may have written them to another one. */
const withErrorFile = (report: Report, path: string): Report =>
  report.errors + report.errorsBefore && existsSync(path) ? { ...report, errorFile: path } : report

/** The door where there is one, the store where only a database is known or the flags ask for it. */
async function open(flags: Flags, importId: string): Promise<{ sink: Sink; checkpoint: Checkpoint }> {
  const { url, key, databaseUrl } = targetOf(flags)
  const via = flags.direct ? 'store' : (flags.via ?? (url ? 'http' : 'store'))
  if (via === 'http') {
    if (!url || !key)
      throw new FunnelError(
        'INVALID',
        `there is no ${url ? 'write key' : 'address'} for the public door: start a workspace with \`npm start -- --workspace mine\`, or give --url and --key, or --direct`,
      )
    return { sink: httpSink(url, key, importId), checkpoint: databaseUrl ? storeCheckpoint(databaseUrl) : noCheckpoint }
  }
  if (!databaseUrl)
    throw new FunnelError(
      'UNAVAILABLE',
      'no workspace is running and no database is named: start one with `npm start -- --workspace mine`, or give --database-url',
    )
  return { sink: await storeSink(databaseUrl), checkpoint: storeCheckpoint(databaseUrl) }
}

/** What the flags name, else the workspace that runs (never one with demo data), else what the environment names. */
function targetOf(flags: Flags): Target {
  const { FUNNEL_URL: url, FUNNEL_WRITE_KEY: key, DATABASE_URL: databaseUrl } = process.env
  if (flags.url || flags.databaseUrl) return { ...flags, key: flags.key ?? key }
  const running = findRunning(flags)
  if (!running) return { url, key: flags.key ?? key, databaseUrl }
  const { workspace, demo, urls, writeKey, databaseUrl: store } = running.state
  if (demo)
    throw new FunnelError(
      'INVALID',
      `the workspace ${workspace} holds demo data, and what is recorded cannot be taken out again: start one of your own with \`npm start -- --workspace mine\``,
    )
  return { url: urls.ingest, key: flags.key ?? writeKey, databaseUrl: store }
}
