import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { FunnelError } from '@funnel/events'
import { dataDirOption, type Folder } from './folders.js'
import { runs, type ProcessId } from './process.js'

export type ServiceState = 'starting' | 'ready' | 'unready' | 'restarting' | 'failed' | 'stopped'

/** A part of the running workspace. */
export interface ServiceStatus {
  readonly name: string
  readonly state: ServiceState
  /** Why it is not ready. */
  readonly why?: string
  readonly pid?: number
  readonly restarts: number
  readonly url?: string
  /** Where /health/ready answers, for those that have it. */
  readonly health?: string
  readonly log?: string
}

/** What a running workspace tells other commands. Holds secrets: its file is for the owner only. */
export interface WorkspaceState {
  readonly workspace: string
  readonly supervisor: ProcessId
  readonly startedAt: string
  /** Everything has been ready once. */
  readonly ready: boolean
  /** Its store holds demo data. */
  readonly demo: boolean
  /** Until when its history was made up; ISO 8601. */
  readonly simulatedUntil?: string
  /** Folders of definitions beside those that come with the platform, comma-separated. */
  readonly definitions?: string
  readonly embeddedPostgres: boolean
  /** Of events and commands over HTTP, of commands and of questions over gRPC. */
  readonly urls: { readonly ingest: string; readonly commands: string; readonly query: string }
  readonly databaseUrl: string
  readonly vaultDatabaseUrl: string
  readonly readDatabaseUrl: string
  readonly kafkaBrokers?: string
  readonly kafkaTopicPrefix?: string
  /** Sends events. */
  readonly writeKey?: string
  /** Gives commands. */
  readonly commandKey?: string
  readonly token?: string
  readonly services: readonly ServiceStatus[]
}

const fileOf = (folder: Folder) => join(folder.path, 'state.json')

/** The state of the workspace if it runs; what a killed one left behind counts as none. */
export function runningState(folder: Folder): WorkspaceState | undefined {
  let state: WorkspaceState
  try {
    state = JSON.parse(readFileSync(fileOf(folder), 'utf8')) as WorkspaceState
  } catch {
    return undefined
  }
  return runs(state.supervisor) ? state : undefined
}

/** Writes the state at once: a reader sees the old or the new one. */
export function writeState(folder: Folder, state: WorkspaceState): void {
  const draft = `${fileOf(folder)}.new`
  writeFileSync(draft, JSON.stringify(state, undefined, 2), { mode: 0o600 })
  renameSync(draft, fileOf(folder))
}

/** Takes the workspace for this process, by its pid file. Throws CONFLICT when another process has it. */
export function claim(folder: Folder, self: ProcessId): void {
  for (let attempt = 0; ; attempt++) {
    try {
      return writeFileSync(folder.pidFile, JSON.stringify(self), { flag: 'wx', mode: 0o600 })
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || attempt > 3) throw error
    }
    const holder = holderOf(folder)
    if (holder && runs(holder))
      throw new FunnelError(
        'CONFLICT',
        `the workspace ${folder.workspace} is running already (process ${holder.pid}): stop it with \`npx funnel down --workspace ${folder.workspace}${dataDirOption(folder)}\``,
        { pid: holder.pid },
      )
    rmSync(folder.pidFile, { force: true })
  }
}

/** The process that has the workspace, which may have ended meanwhile. */
export function holderOf(folder: Folder): ProcessId | undefined {
  try {
    const holder = JSON.parse(readFileSync(folder.pidFile, 'utf8')) as Partial<ProcessId>
    return typeof holder.pid === 'number' ? { ...holder, pid: holder.pid } : undefined
  } catch {
    return undefined
  }
}

/** Gives the workspace free again. */
export function release(folder: Folder): void {
  rmSync(fileOf(folder), { force: true })
  rmSync(folder.pidFile, { force: true })
}
