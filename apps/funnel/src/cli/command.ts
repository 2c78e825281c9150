import { Command, InvalidArgumentError } from 'commander'
import { exits } from './exit.js'

/** A command with `--json` and its examples in the help. */
export const command = (name: string, summary: string, examples: readonly string[]): Command =>
  new Command(name)
    .summary(`${summary[0]?.toLowerCase()}${summary.slice(1)}`)
    .description(`${summary[0]?.toUpperCase()}${summary.slice(1)}.`)
    .option('--json', 'print JSON')
    .addHelpText('after', `\nExamples:\n${examples.map((line) => `  ${line}`).join('\n')}`)

/** A command about a workspace: the one that is named, else the one that runs. */
export const workspaceCommand = (name: string, summary: string, examples: readonly string[]): Command =>
  command(name, summary, examples)
    .option('-w, --workspace <name>', 'which workspace (default: FUNNEL_WORKSPACE, else the one that runs)')
    .option(
      '--data-dir <folder>',
      'where workspaces are kept (default: FUNNEL_DATA_DIR, else .funnel in the repository; /var/lib/funnel for a clone that only root may enter)',
    )

/** What the exit codes say, for the help. */
export const exitHelp = `
Exit codes: ${exits.ok} done, ${exits.failure} failed, ${exits.usage} wrong command line, ${exits.difference} verify found a difference, ${exits.unreachable} nothing runs or answers there.
Data goes to stdout, everything else to stderr. NO_COLOR switches colours off.`

/** A reader of whole numbers of the command line, from `least` on. Throws what names the option. */
export const wholeFrom =
  (least: number) =>
  (text: string): number => {
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN
    if (!Number.isSafeInteger(value) || value < least)
      throw new InvalidArgumentError(`It must be a whole number from ${least} on.`)
    return value
  }

/** A positive whole number of the command line. */
export const whole = wholeFrom(1)
