import { print, printJson } from '../cli/print.js'
import { Command } from 'commander'
import { FunnelError } from '@funnel/events'
import { command } from '../cli/command.js'
import { exits } from '../cli/exit.js'
import { style } from '../cli/style.js'

/** `funnel config check`: every mistake of environment, definitions and destinations at once, before anything is started. */
export const configCommand = (): Command =>
  new Command('config').summary('check the configuration').addCommand(
    command('check', 'list every mistake in the environment, the definitions and the destinations', [
      'npx funnel config check',
      'set -a; . ./.env; npx funnel config check',
    ]).action(async (flags: { json?: boolean }) => {
      const mistakes = await findMistakes(process.env)
      if (mistakes.length) process.exitCode = exits.failure
      if (flags.json) return printJson({ ok: !mistakes.length, mistakes })
      for (const mistake of mistakes) print(`${style('red', '✗')} ${mistake}`)
      if (!mistakes.length) process.stdout.write('the configuration is right\n')
    }),
  )

/** The mistakes, each in one line. DATABASE_URL may be absent: then PostgreSQL is embedded. */
export async function findMistakes(env: NodeJS.ProcessEnv): Promise<string[]> {
  const [
    { assertClosed, ConfigError, loadConfig },
    { Settings },
    { definitionFolders, loadDefinitions },
    { loadDestinations },
  ] = await Promise.all([
    import('@funnel/platform'),
    import('./settings.js'),
    import('@funnel/definitions'),
    import('@funnel/notify'),
  ])
  const mistakes: string[] = []
  const attempt = (check: () => void) => {
    try {
      check()
    } catch (error) {
      if (error instanceof ConfigError) mistakes.push(...linesOf(error.message))
      else if (error instanceof FunnelError) mistakes.push(...listOf(error))
      else throw error
    }
  }
  attempt(() =>
    assertClosed(loadConfig(Settings, { ...env, DATABASE_URL: env['DATABASE_URL'] || 'postgresql://embedded' })),
  )
  attempt(() => void loadDefinitions(definitionFolders(env['FUNNEL_DEFINITIONS'])))
  attempt(() => {
    const allowPrivate = env['FUNNEL_ALLOW_PRIVATE_DESTINATIONS'] === 'true'
    loadDestinations(env['FUNNEL_DESTINATIONS'], { env, allowPrivate })
  })
  return mistakes
}

/** One line a mistake: a list has a title first. */
const linesOf = (message: string): string[] => {
  const lines = message.split('\n')
  return lines.length > 1 ? lines.slice(1).map((line) => line.trim()) : lines
}

const listOf = ({ message, details }: FunnelError): string[] =>
  Array.isArray(details['mistakes']) ? details['mistakes'].map(String) : [message]
