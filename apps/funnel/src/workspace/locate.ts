import { dirname } from 'node:path'
import { FunnelError } from '@funnel/events'
import { baseFolder, dataDirOption, folderOf, workspacesIn, type Folder } from './folders.js'
import { runningState, type WorkspaceState } from './state.js'

/** Which workspace a command is about. */
export interface Choice {
  readonly workspace?: string | undefined
  readonly dataDir?: string | undefined
}

export interface Running {
  readonly folder: Folder
  readonly state: WorkspaceState
}

/** Every workspace that runs. */
export const allRunning = (dataDir?: string): Running[] =>
  workspacesIn(baseFolder(dataDir)).flatMap((workspace) => {
    const folder = folderOf(workspace, dataDir)
    const state = runningState(folder)
    return state ? [{ folder, state }] : []
  })

/** The workspace named by option or FUNNEL_WORKSPACE, else the only one that runs; undefined when none does. */
export function findRunning(choice: Choice): Running | undefined {
  const name = choice.workspace ?? (process.env['FUNNEL_WORKSPACE'] || undefined)
  if (name !== undefined) {
    const folder = folderOf(name, choice.dataDir)
    const state = runningState(folder)
    return state && { folder, state }
  }
  const running = allRunning(choice.dataDir)
  if (running.length > 1)
    throw new FunnelError(
      'INVALID',
      `several workspaces run: name one with --workspace (${running.map(({ folder }) => folder.workspace).join(', ')})`,
    )
  return running[0]
}

/**
 * The options with which a command finds this running workspace, with a blank before them: none where it is the only
 * one, lies where commands look and the environment names no other.
 */
export function optionsFor(folder: Folder): string {
  const { FUNNEL_WORKSPACE: named, FUNNEL_SERVER: server } = process.env
  const found =
    !server &&
    (named || folder.workspace) === folder.workspace &&
    allRunning(dirname(folder.path)).every((other) => other.folder.workspace === folder.workspace)
  return `${found ? '' : ` --workspace ${folder.workspace}`}${dataDirOption(folder)}`
}

/** Like `findRunning`; throws UNAVAILABLE when it does not run. */
export function mustRun(choice: Choice): Running {
  const found = findRunning(choice)
  if (found) return found
  const name = choice.workspace ?? (process.env['FUNNEL_WORKSPACE'] || undefined)
  throw new FunnelError(
    'UNAVAILABLE',
    name && name !== 'demo'
      ? `the workspace ${name} is not running: start it with \`npm start -- --workspace ${name}\``
      : 'no workspace is running: start one with `npm start`',
  )
}
