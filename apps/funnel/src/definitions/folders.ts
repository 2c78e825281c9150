import type { Command } from 'commander'
import type { DefinitionFiles } from '@funnel/definitions'

/** A command about the definitions of some folders. */
export const withFolders = (command: Command): Command =>
  command.argument(
    '[folder...]',
    'folders of definitions, after those of the platform (default: those of FUNNEL_DEFINITIONS)',
  )

/** The definitions of the folders that the command line names, else of those of the environment. Throws INVALID. */
export async function readFolders(folders: readonly string[]): Promise<DefinitionFiles> {
  const { defaultDefinitions, definitionFolders, readDefinitions } = await import('@funnel/definitions')
  return readDefinitions(
    folders.length ? [defaultDefinitions, ...folders] : definitionFolders(process.env['FUNNEL_DEFINITIONS']),
  )
}
