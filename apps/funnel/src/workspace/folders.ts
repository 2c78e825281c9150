import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { FunnelError } from '@funnel/events'
import { othersMayPass } from '@funnel/platform/host'

/** Root of the repository, from `src` and `dist` alike. */
export const repository = fileURLToPath(new URL('../../../..', import.meta.url))

const MARKER = '.funnel-workspace'

/** Where a workspace keeps everything. */
export interface Folder {
  readonly workspace: string
  readonly path: string
  readonly logs: string
  readonly postgres: string
  readonly kafka: string
  /** Says which process has the workspace. */
  readonly pidFile: string
  /** What a start in the background says. */
  readonly startLog: string
}

/** The folder that holds all workspaces. */
export const baseFolder = (dataDir?: string): string =>
  resolve(dataDir ?? (process.env['FUNNEL_DATA_DIR'] || ownFolder(repository)))

/**
 * `.funnel` in the repository. Where root has cloned it to a place of root's alone, the repository's own folder in
 * /var/lib/funnel: PostgreSQL runs as `nobody` then, who could not pass to its data.
 */
export const ownFolder = (place: string, root = process.getuid?.() === 0): string =>
  root && !othersMayPass(place)
    ? join('/var/lib/funnel', place.split(sep).filter(Boolean).join('-'))
    : join(place, '.funnel')

/** What names the folder of all workspaces to a command, with a blank before it; empty where it looks by itself. */
export function dataDirOption(folder: Folder): string {
  const base = dirname(folder.path)
  return base === baseFolder() ? '' : ` --data-dir ${shellWord(base)}`
}

const shellWord = (text: string): string =>
  /^[\w./:@%+,-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`

/** The folder of a workspace, whether it exists or not. Throws INVALID on a name that could not be a folder's. */
export function folderOf(workspace: string, dataDir?: string): Folder {
  if (!/^[a-z0-9][a-z0-9_-]{0,39}$/.test(workspace))
    throw new FunnelError(
      'INVALID',
      `${workspace} cannot be the name of a workspace: use up to 40 small letters, digits, - and _, a letter or digit first`,
    )
  const path = join(baseFolder(dataDir), workspace)
  const logs = join(path, 'logs')
  return {
    workspace,
    path,
    logs,
    postgres: join(path, 'postgres'),
    kafka: join(path, 'kafka'),
    pidFile: join(path, 'funnel.pid'),
    startLog: join(logs, 'up.log'),
  }
}

/** Makes the folder and marks it as ours. Others may pass through it (PostgreSQL runs as `nobody` under root), not list it. */
export function openFolder(folder: Folder): void {
  if (existsSync(folder.path) && !isOurs(folder) && readdirSync(folder.path).length)
    throw new FunnelError(
      'INVALID',
      `${folder.path} holds something else than a workspace of Funnel: choose another --data-dir or --workspace`,
    )
  mkdirSync(folder.logs, { recursive: true })
  chmodSync(folder.path, 0o711)
  chmodSync(folder.logs, 0o700)
  const marker = join(folder.path, MARKER)
  if (!existsSync(marker))
    writeFileSync(marker, `${JSON.stringify({ workspace: folder.workspace, created: new Date().toISOString() })}\n`)
}

/**
 * Removes what a workspace holds, but for its marker, the claim on it and the log of its start. Throws INVALID and removes
 * nothing when the folder is not marked as this workspace's.
 */
export function emptyFolder(folder: Folder): void {
  if (!isOurs(folder))
    throw new FunnelError(
      'INVALID',
      `${folder.path} does not look like the workspace ${folder.workspace}, so --fresh will not empty it: choose another --data-dir, or remove it yourself`,
    )
  const kept = new Set([join(folder.path, MARKER), folder.pidFile, folder.logs, folder.startLog])
  for (const place of [folder.path, folder.logs])
    for (const name of readdirSync(place))
      if (!kept.has(join(place, name))) rmSync(join(place, name), { recursive: true, force: true })
}

/** The workspaces that exist in a base folder. */
export const workspacesIn = (base: string): string[] =>
  existsSync(base)
    ? readdirSync(base, { withFileTypes: true })
        .filter((entry) => entry.isDirectory() && existsSync(join(base, entry.name, MARKER)))
        .map(({ name }) => name)
        .toSorted()
    : []

function isOurs({ path, workspace }: Folder): boolean {
  try {
    const marker = JSON.parse(readFileSync(join(path, MARKER), 'utf8')) as { workspace?: unknown }
    return marker.workspace === workspace
  } catch {
    return false
  }
}
