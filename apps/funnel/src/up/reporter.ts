import { style } from '../cli/style.js'
import type { Notable } from '../supervisor/notable.js'
import type { ServiceStatus } from '../workspace/state.js'

/** Where the supervisor's lines go: the terminal, or above the live panel. */
export type Write = (line: string) => void

const WIDTH = 12

/** Tells state changes and warnings, one prefixed line each. */
export function reporter(write: Write, stream: NodeJS.WriteStream = process.stderr) {
  const prefix = (name: string) => style('dim', `${name.padEnd(WIDTH)}|`, stream)
  const last = new Map<string, { state: ServiceStatus['state']; line: string }>()
  return {
    say: (line: string) => write(`${prefix('funnel')} ${line}`),
    warn: (line: string) => write(`${prefix('funnel')} ${style('yellow', line, stream)}`),
    said: (name: string, { level, text }: Notable) =>
      write(`${prefix(name)} ${style(level === 'error' ? 'red' : 'yellow', level, stream)} ${text}`),
    changed: ({ name, state, why, restarts }: ServiceStatus) => {
      // a restart says why it was needed; coming up is told once
      const before = last.get(name)
      const line = describe(state, why, before?.state === 'restarting' ? restarts : 0)
      if (line === undefined || before?.line === line) return
      last.set(name, { state, line })
      write(`${prefix(name)} ${state === 'failed' ? style('red', line, stream) : line}`)
    },
  }
}

export type Reporter = ReturnType<typeof reporter>

function describe(state: ServiceStatus['state'], why: string | undefined, restart: number): string | undefined {
  if (state === 'starting') return undefined
  if (state === 'ready') return restart ? `ready again (restart ${restart})` : 'ready'
  if (state === 'unready') return `not ready: ${why ?? ''}`
  if (state === 'restarting') return `${why ?? 'it ended'}; starting it again`
  if (state === 'failed') return `given up: ${why ?? ''}`
  return 'stopped'
}
