import { printJson, say } from '../cli/print.js'
import { spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { FunnelError } from '@funnel/events'
import { folderOf, openFolder } from '../workspace/folders.js'
import { optionsFor } from '../workspace/locate.js'
import { runningState } from '../workspace/state.js'
import { banner, inBackground } from './banner.js'
import { workspaceName, type UpFlags } from './options.js'
import { summaryOf } from './summary.js'

/** Starts the same command in the background and returns when all is ready; its lines go to `logs/up.log`. */
export async function detach(flags: UpFlags): Promise<void> {
  const folder = folderOf(workspaceName(flags), flags.dataDir)
  if (runningState(folder))
    throw new FunnelError(
      'CONFLICT',
      `the workspace ${folder.workspace} is running already: \`npx funnel status${optionsFor(folder)}\` shows it`,
    )
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
    const code = await Promise.race([ended.then((code) => ({ code })), sleep(100, undefined)])
    if (code)
      throw new FunnelError(
        'UNAVAILABLE',
        `the start failed; the end of ${log}:\n${readFileSync(log, 'utf8').slice(-3000)}`,
      )
  }
}
