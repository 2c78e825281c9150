import { printJson, say } from '../cli/print.js'
import type { Command } from 'commander'
import { setTimeout as sleep } from 'node:timers/promises'
import { FunnelError } from '@funnel/events'
import { workspaceCommand, whole } from '../cli/command.js'
import { findRunning, type Choice } from '../workspace/locate.js'
import { baseFolder, folderOf, workspacesIn } from '../workspace/folders.js'
import { runs } from '../workspace/process.js'
import { holderOf } from '../workspace/state.js'
import { workspaceName } from './options.js'

/**
 * `funnel down`: stops a workspace in order and waits until it is gone. Nothing running is no failure; a workspace that
 * does not exist is.
 */
export const downCommand = (): Command =>
  workspaceCommand('down', 'stop a running workspace', ['npx funnel down', 'npx funnel down --workspace mine'])
    .option('--timeout <seconds>', 'how long to wait', whole, 60)
    .action(async (flags: Choice & { json?: boolean; timeout: number }) => {
      const found = findRunning(flags)
      const folder = found?.folder ?? folderOf(workspaceName(flags), flags.dataDir)
      const named = flags.workspace ?? (process.env['FUNNEL_WORKSPACE'] || undefined)
      if (!found && named !== undefined) assertExists(named, baseFolder(flags.dataDir))
      // one that is still starting has a pid file, but no state yet
      const supervisor = found?.state.supervisor ?? holderOf(folder)
      const stopped = supervisor !== undefined && runs(supervisor)
      if (stopped) {
        process.kill(supervisor.pid, 'SIGTERM')
        for (const end = Date.now() + flags.timeout * 1000; runs(supervisor); await sleep(100))
          if (Date.now() > end)
            throw new FunnelError(
              'UNAVAILABLE',
              `the workspace ${folder.workspace} (process ${supervisor.pid}) has not stopped within ${flags.timeout} s; its logs are in ${folder.logs}`,
            )
      }
      if (flags.json) printJson({ workspace: folder.workspace, stopped })
      else if (stopped) say(`stopped ${folder.workspace}; the data is kept`)
      else say(`nothing was running in ${named === undefined ? baseFolder(flags.dataDir) : folder.path}`)
    })

function assertExists(workspace: string, base: string): void {
  const there = workspacesIn(base)
  if (there.includes(workspace)) return
  throw new FunnelError(
    'NOT_FOUND',
    `there is no workspace ${workspace} in ${base}: ${there.length ? `name one of ${there.join(', ')}` : 'there is none at all'}; --data-dir names another folder`,
    { workspaces: there },
  )
}
