import { printJson, say } from '../cli/print.js'
import { Option, type Command } from 'commander'
import { workspaceCommand } from '../cli/command.js'
import { exits } from '../cli/exit.js'
import { onStopSignals } from '../supervisor/signals.js'
import { banner } from './banner.js'
import { detach } from './detach.js'
import type { UpFlags } from './options.js'
import { portNames, portOptions } from './ports.js'
import { reporter } from './reporter.js'
import { summaryOf } from './summary.js'

/** `funnel up`: starts a workspace and stays with it until it is told to stop. */
export function upCommand(): Command {
  const up = workspaceCommand('up', 'start a workspace: databases, services, live demo data', [
    'npm start                                     the workspace demo, built first if needed',
    'npm start -- --workspace mine                 an empty workspace for your own data',
    'npm start -- --fresh                          forget the workspace and start over',
    'npm start -- --kafka                          with a local Kafka broker (needs Java)',
    'npx funnel up --detach                        in the background; `npx funnel down` stops it',
    'DATABASE_URL=postgresql://… KAFKA_BROKERS=host:9092 npm start    with servers of your own',
  ])
    .option('--fresh', 'remove the data of this workspace first')
    .option('--demo', 'feed demo data into an empty store (default in the workspace demo)')
    .option('--no-demo', 'feed no demo data')
    .option('--kafka', 'run a local Kafka broker and send the log through it')
    .option('--detach', 'start in the background and return when everything is ready')
    .option('--no-panel', 'print plain lines on a terminal too')
    .option('--port-base <n>', 'first port; the others follow it (default 7070)')
  for (const name of portNames) up.addOption(new Option(`${portOptions[name]} <n>`, `port of ${name}`).hideHelp())
  up.addHelpText(
    'after',
    `\nPorts: ingest 7070, query 7071, relay 7072, projector 7073, query's health 7074, PostgreSQL 7075, Kafka 7076, automation 7077, commands over gRPC 7078, SLA monitor 7079, notifier 7080.\nOne of them moves with ${portNames.map((name) => `${portOptions[name]} N`).join(', ')}.`,
  )
  return up.action(async (flags: UpFlags) => {
    if (flags.detach) return detach(flags)
    await stay(flags)
  })
}

async function stay(flags: UpFlags): Promise<void> {
  const { up } = await import('./up.js')
  const live = process.stdout.isTTY && !flags.json && flags.panel !== false
  let write = say
  const report = reporter((line) => write(line))
  const abort = new AbortController()
  let stop: () => Promise<void> = () => Promise.resolve()
  let kill: () => void = () => undefined
  const stopped = new Promise<void>((resolve) => {
    onStopSignals(
      () => {
        abort.abort(new Error('stopped while it started'))
        void stop().then(resolve, (error: unknown) => {
          report.warn(`could not stop in order: ${error instanceof Error ? error.message : String(error)}`)
          process.exitCode = exits.failure
          resolve()
        })
      },
      () => {
        report.warn('stopped by force')
        kill()
        process.exit(exits.failure)
      },
    )
  })

  report.say('starting …')
  let running
  try {
    running = await up(flags, report, abort.signal)
  } catch (error) {
    if (abort.signal.aborted) return report.say('stopped')
    throw error
  }
  const { folder } = running
  const { writeKey, commandKey } = running.state
  if (flags.json) printJson({ ...summaryOf(running.state, folder), writeKey, commandKey })
  else say(banner(running.state, folder))

  const { openPanel } = live ? await import('../panel/panel.js') : { openPanel: undefined }
  const panel = openPanel?.(() => running.state, 'Ctrl-C stops everything in order; the data is kept')
  if (panel) write = (line) => panel.above(line)
  kill = () => running.kill()
  stop = async () => {
    await panel?.close()
    write = say
    report.say('stopping; press Ctrl-C again to force')
    await running.stop()
    report.say('stopped; the data is kept')
  }
  if (abort.signal.aborted) await stop()
  else await stopped
  process.exit()
}
