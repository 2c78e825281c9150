import { spawn, type ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../..', import.meta.url))

/** A service as its own process, started again whenever it dies, until it is stopped. */
export interface Supervised {
  readonly name: string
  readonly port: number
  /** How often it was killed on purpose while it ran. */
  readonly kills: number
  kill(signal?: NodeJS.Signals): boolean
  /** Waits until /health/ready answers 200. */
  ready(deadline?: number): Promise<void>
  stop(): Promise<void>
  /** The last lines it printed, for a failed test's message. */
  log(): string
}

/** Starts `apps/<name>` as built and keeps it running. */
export function supervise(name: string, port: number, env: Record<string, string>): Supervised {
  let child: ChildProcess | undefined
  let stopping = false
  let kills = 0
  let restart: NodeJS.Timeout | undefined
  const lines: string[] = []
  const start = () => {
    child = spawn(process.execPath, [`apps/${name}/dist/main.js`], {
      cwd: root,
      env: { PATH: process.env['PATH'] ?? '', ...env, PORT: String(port) },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (chunk: Buffer) => {
        lines.push(chunk.toString())
        if (lines.length > 200) lines.shift()
      })
    child.once('exit', () => {
      if (!stopping) restart = setTimeout(start, 200)
    })
  }
  start()
  return {
    name,
    port,
    get kills() {
      return kills
    },
    kill(signal = 'SIGKILL') {
      if (!child || child.exitCode !== null || child.signalCode !== null) return false
      const sent = child.kill(signal)
      if (sent && signal === 'SIGKILL') kills++
      return sent
    },
    async ready(deadline = 60_000) {
      const end = Date.now() + deadline
      let last = ''
      while (Date.now() < end) {
        try {
          const answer = await fetch(`http://127.0.0.1:${port}/health/ready`, { signal: AbortSignal.timeout(2000) })
          if (answer.ok) return
          last = await answer.text()
        } catch (error) {
          last = String(error)
        }
        await new Promise((resolve) => setTimeout(resolve, 100))
      }
      throw new Error(`${name} is not ready after ${deadline} ms: ${last}\n${lines.join('').slice(-4000)}`)
    },
    async stop() {
      stopping = true
      clearTimeout(restart)
      const running = child
      if (!running || running.exitCode !== null || running.signalCode !== null) return
      const exited = new Promise((resolve) => running.once('exit', resolve))
      running.kill('SIGCONT')
      running.kill('SIGTERM')
      const force = setTimeout(() => running.kill('SIGKILL'), 15_000)
      await exited
      clearTimeout(force)
    },
    log: () => lines.join(''),
  }
}
