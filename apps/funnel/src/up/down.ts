import { printJson } from '../cli/print.js'
import type { Command } from 'commander'
import { setTimeout as sleep } from 'node:timers/promises'
import { FunnelError } from '@funnel/events'
import { workspaceCommand, whole } from '../cli/command.js'
import { findRunning, type Choice } from '../workspace/locate.js'
import { folderOf } from '../workspace/folders.js'
import { runs } from '../workspace/process.js'
import { holderOf } from '../workspace/state.js'

/** `funnel down`: stops a workspace in order and waits until it is gone. Nothing running is no failure. */
export const downCommand = (): Command =>
  workspaceCommand('down', 'stop a running workspace', ['npx funnel down', 'npx funnel down --workspace mine'])
    .option('--timeout <seconds>', 'how long to wait', whole, 60)
    .action(async (flags: Choice & { json?: boolean; timeout: number }) => {
      const chosen = flags
      const found = findRunning(chosen)
      const folder = found?.folder ?? folderOf(chosen.workspace ?? 'demo', chosen.dataDir)
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
      else process.stderr.write(stopped ? `stopped ${folder.workspace}; the data is kept\n` : 'nothing was running\n')
    })
