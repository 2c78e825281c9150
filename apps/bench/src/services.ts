import { spawn, type ChildProcess } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { freePort } from '@funnel/platform'

const root = fileURLToPath(new URL('../../..', import.meta.url))

/** One of our services as its own process. */
export interface Service {
  readonly port: number
  readonly process: ChildProcess
  stop(): Promise<void>
}

/** Starts a service as built; resolves when it is ready. */
export async function startService(name: string, env: Readonly<Record<string, string>>): Promise<Service> {
  const port = await freePort()
  const child = spawn(process.execPath, [`apps/${name}/dist/main.js`], {
    cwd: root,
    env: { PATH: process.env['PATH'] ?? '', LOG_LEVEL: 'error', FUNNEL_WORKSPACE: 'bench', ...env, PORT: String(port) },
    stdio: ['ignore', 2, 2],
  })
  const ended = new Promise((resolve) => child.once('exit', resolve))
  const stop = async () => {
    child.kill('SIGCONT')
    child.kill('SIGTERM')
    await ended
  }
  for (const deadline = Date.now() + 60_000; ; await sleep(50)) {
    const answer = await fetch(`http://127.0.0.1:${port}/health/ready`).catch(() => undefined)
    if (answer?.ok) return { port, process: child, stop }
    if (child.exitCode !== null || Date.now() > deadline) {
      child.kill('SIGKILL')
      throw new Error(`${name} did not get ready: ${await answer?.text()}`)
    }
  }
}
