import { print } from '../cli/print.js'
import type { Command } from 'commander'
import { setTimeout as sleep } from 'node:timers/promises'
import { workspaceCommand } from '../cli/command.js'
import { mustRun, type Choice } from '../workspace/locate.js'
import { runningState } from '../workspace/state.js'

/** `funnel top`: the live panel of a running workspace; without a terminal one line a look. */
export const topCommand = (): Command =>
  workspaceCommand('top', 'watch a running workspace', ['npx funnel top', 'npx funnel top --once --json'])
    .option('--once', 'look once and end')
    .action(async (flags: Choice & { json?: boolean; once?: boolean }) => {
      const { folder, state: first } = mustRun(flags)
      let state = first
      const stop = new AbortController()
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort())
      const current = () => (state = runningState(folder) ?? state)

      if (process.stdout.isTTY && !flags.json && !flags.once) {
        const { openPanel } = await import('./panel.js')
        const panel = openPanel(current, 'Ctrl-C leaves; the workspace goes on')
        await new Promise<void>((resolve) => stop.signal.addEventListener('abort', () => resolve(), { once: true }))
        return panel.close()
      }
      const [{ openGauge }, { plainLine }] = await Promise.all([import('./gauge.js'), import('./plain.js')])
      const gauge = openGauge(current)
      try {
        for (;;) {
          const snapshot = await gauge.look()
          print(flags.json ? JSON.stringify(snapshot) : plainLine(snapshot))
          if (flags.once || stop.signal.aborted) return
          await sleep(2000, undefined, { signal: stop.signal }).catch(() => undefined)
          if (stop.signal.aborted) return
        }
      } finally {
        await gauge.close()
      }
    })
