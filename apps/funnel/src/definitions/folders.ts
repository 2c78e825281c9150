import type { Command } from 'commander'
import type { DefinitionFiles } from '@funnel/definitions'

/** A command about the definitions of some folders. */
export const withFolders = (command: Command): Command =>
  command.argument(
    '[folder...]',
    'folders of definitions, after those of the platform (default: those of FUNNEL_DEFINITIONS, else of the workspace)',
  )

/** The definitions of the folders that the command line names, else of those of the workspace. Throws INVALID. */
export async function readFolders(
  folders: readonly string[],
  definitions = process.env['FUNNEL_DEFINITIONS'],
): Promise<DefinitionFiles> {
  const { defaultDefinitions, definitionFolders, readDefinitions } = await import('@funnel/definitions')
  return readDefinitions(folders.length ? [defaultDefinitions, ...folders] : definitionFolders(definitions))
}
