import { Command } from 'commander'
import { claimsCommand } from './ask/claims.js'
import { dealsCommand, leadsCommand } from './ask/lists.js'
import { diffCommand } from './ask/diff.js'
import { explainCommand } from './ask/explain.js'
import { journeyCommand } from './ask/journey.js'
import { kpiCommand } from './ask/kpi.js'
import { kpisCommand } from './ask/kpis.js'
import { tailCommand } from './ask/tail.js'
import { exitHelp } from './cli/command.js'
import { definitionsCommand } from './definitions/command.js'
import { keyCommand } from './deploy/key.js'
import { migrateCommand } from './deploy/migrate.js'
import { notifyCommand } from './notify/command.js'
import { topCommand } from './panel/top.js'
import { eraseCommand } from './persons/erase.js'
import { exportPersonCommand } from './persons/export.js'
import { identityCommand } from './persons/identity.js'
import { slaCommand } from './sla/command.js'
import { whatIfCommand } from './what-if/command.js'
import { downCommand } from './up/down.js'
import { statusCommand } from './up/status.js'
import { upCommand } from './up/command.js'
import { configCommand } from './upkeep/config.js'
import { rebuildCommand } from './upkeep/rebuild.js'
import { replayCommand } from './upkeep/replay.js'
import { restoreCommand } from './upkeep/restore.js'
import { verifyCommand } from './upkeep/verify.js'

/** The `funnel` command. It throws instead of exiting; `main` turns that into an exit code. */
export async function createProgram(args: readonly string[]): Promise<Command> {
  const program = new Command('funnel')
    .description('One sales-and-marketing funnel that both teams own together.')
    .addHelpText('after', `${exitHelp}\n\nStart here: npm start, then \`npx funnel kpi win-rate --by channel\``)

  program.commandsGroup('Run:')
  for (const make of [upCommand, downCommand, statusCommand, topCommand]) program.addCommand(make())
  program.commandsGroup('Ask:')
  for (const make of [
    kpiCommand,
    kpisCommand,
    explainCommand,
    diffCommand,
    leadsCommand,
    dealsCommand,
    journeyCommand,
    claimsCommand,
    slaCommand,
    whatIfCommand,
    tailCommand,
  ])
    program.addCommand(make())
  program.commandsGroup('Look after:')
  program.addCommand(await importing(args))
  for (const make of [rebuildCommand, verifyCommand, replayCommand, restoreCommand]) program.addCommand(make())
  program.addCommand(notifyCommand())
  for (const make of [identityCommand, eraseCommand, exportPersonCommand]) program.addCommand(make())
  for (const make of [definitionsCommand, configCommand, migrateCommand, keyCommand]) program.addCommand(make())

  forEach(program, (command) => {
    command.exitOverride().showHelpAfterError('(--help shows how)')
    // who asked for JSON is told what is wrong by `main`, as JSON
    if (args.includes('--json')) command.configureOutput({ writeErr: () => undefined })
  })
  return program
}

/** The import brings half the platform with it: it is loaded only when it is meant. */
async function importing(args: readonly string[]): Promise<Command> {
  if (args.includes('import')) return (await import('./import/command.js')).importCommand()
  return new Command('import').summary('import the CSV files of any tool by a mapping').argument('<file...>')
}

function forEach(command: Command, work: (command: Command) => void): void {
  work(command)
  for (const child of command.commands) forEach(child, work)
}
