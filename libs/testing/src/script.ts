import { spawn } from 'node:child_process'
import { once } from 'node:events'

/** A small program as a process of its own, to be frozen and killed. */
export interface Script {
  /** Waits until it has printed this line. Rejects when it ends without. */
  said(line: string): Promise<void>
  kill(signal: NodeJS.Signals): void
  /** Kills it, if it still runs. */
  end(): Promise<void>
}

/** Runs a module of JavaScript that may import the packages of the repository as they are built. */
export function startScript(module: string, env: Readonly<Record<string, string>>): Script {
  const child = spawn(process.execPath, ['--input-type=module', '-e', module], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(child, 'close')
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
  return {
    async said(line) {
      while (!output.split('\n').includes(line))
        if (!(await Promise.race([once(child.stdout, 'data'), ended.then(() => undefined)])))
          throw new Error(`the script ended without saying ${line}; it said:\n${output}`)
    },
    kill: (signal) => void child.kill(signal),
    async end() {
      child.kill('SIGKILL')
      await ended
    },
  }
}
