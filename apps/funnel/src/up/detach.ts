import { printJson, say } from '../cli/print.js'
import { spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { FunnelError, type ErrorCode } from '@funnel/events'
import { exits } from '../cli/exit.js'
import { folderOf, openFolder } from '../workspace/folders.js'
import { optionsFor } from '../workspace/locate.js'
import { runningState } from '../workspace/state.js'
import { banner, inBackground } from './banner.js'
import { portsOf, workspaceName, type UpFlags } from './options.js'
import { summaryOf } from './summary.js'

/** What a start that failed is told as, by its exit code, so that this command ends with the same. */
const codeOf: Readonly<Record<number, ErrorCode>> = { [exits.usage]: 'INVALID', [exits.unreachable]: 'UNAVAILABLE' }

/**
 * Starts the same command in the background and returns when all is ready; its lines go to `logs/up.log`. Throws INVALID
 * before it starts anything where the command line is wrong.
 */
export async function detach(flags: UpFlags): Promise<void> {
  const folder = folderOf(workspaceName(flags), flags.dataDir)
  if (runningState(folder))
    throw new FunnelError(
      'CONFLICT',
      `the workspace ${folder.workspace} is running already: \`npx funnel status${optionsFor(folder)}\` shows it`,
    )
  portsOf(flags)
  openFolder(folder)
  const log = folder.startLog
  const out = openSync(log, 'w', 0o600)
  const args = process.argv.slice(2).filter((arg) => arg !== '--detach')
  const child = spawn(process.execPath, [process.argv[1]!, ...args], { detached: true, stdio: ['ignore', out, out] })
  closeSync(out)
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve).once('error', () => resolve(null)))
  for (;;) {
    const state = runningState(folder)
    if (state?.ready && state.supervisor.pid === child.pid) {
      child.unref()
      if (flags.json) printJson({ ...summaryOf(state, folder), writeKey: state.writeKey, commandKey: state.commandKey })
      else say(`${banner(state, folder)}\n${inBackground(folder)}`)
      return
    }
    const end = await Promise.race([ended.then((code) => ({ code })), sleep(100, undefined)])
    if (end)
      throw new FunnelError(
        codeOf[end.code ?? exits.failure] ?? 'INTERNAL',
        `the start failed; the end of ${log}:\n${readFileSync(log, 'utf8').slice(-3000)}`,
      )
  }
}
