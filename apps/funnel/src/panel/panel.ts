import { setTimeout as sleep } from 'node:timers/promises'
import { style } from '../cli/style.js'
import type { WorkspaceState } from '../workspace/state.js'
import { openGauge } from './gauge.js'
import { render } from './render.js'
import { openScreen } from './screen.js'

/** The live panel on the terminal, until it is closed. */
export interface Panel {
  /** Prints a line above the panel. */
  above(line: string): void
  close(): Promise<void>
  /** Resolves when it was closed. */
  readonly closed: Promise<void>
}

const EVERY = 1000

export function openPanel(
  current: () => WorkspaceState,
  hint: string,
  terminal: NodeJS.WriteStream = process.stdout,
): Panel {
  const stop = new AbortController()
  const gauge = openGauge(current)
  const screen = openScreen(terminal)
  const run = async () => {
    while (!stop.signal.aborted) {
      const snapshot = await gauge.look()
      if (stop.signal.aborted) break
      screen.draw(render(snapshot, terminal.columns || 80, (format, text) => style(format, text, terminal), hint))
      await sleep(EVERY, undefined, { signal: stop.signal }).catch(() => undefined)
    }
    screen.close()
    await gauge.close()
  }
  const closed = run()
  return {
    above: (line) => screen.above(line),
    async close() {
      stop.abort()
      await closed
    },
    closed,
  }
}
