import { spawn, type ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { ServiceStatus } from '../workspace/state.js'
import { afterEnd, SETTLED, type End } from './back-off.js'
import { askHealth } from './health.js'
import { openLogFile } from './log-file.js'
import { notable, type Notable } from './notable.js'

/** A service as the supervisor starts it. */
export interface ServiceSpec {
  readonly name: string
  /** The script that is run with the Node that runs us. */
  readonly script: string
  readonly env: NodeJS.ProcessEnv
  /** Where /health/ready answers. */
  readonly health: string
  /** Shown to users; `health` when absent. */
  readonly url?: string
  readonly log: string
}

/** What the supervisor hears of. */
export interface Listener {
  changed(status: ServiceStatus): void
  said(name: string, line: Notable): void
}

/** A service kept running until it is stopped or given up. */
export interface Supervised {
  readonly status: ServiceStatus
  start(): void
  /** Ends it in order; at once when it does not within `patience` milliseconds. Resolves when it is gone. */
  stop(patience?: number): Promise<void>
  /** Kills it at once; it is not started again. */
  kill(): void
}

const LOOK_STARTING = 100
const LOOK_RUNNING = 1000
const PATIENCE = 10_000
const leash = fileURLToPath(new URL('./leash.js', import.meta.url))

export function supervised(spec: ServiceSpec, listener: Listener): Supervised {
  const { name } = spec
  const log = openLogFile(spec.log)
  let child: ChildProcess | undefined
  let gone: Promise<void> = Promise.resolve()
  let stopping = false
  let failures = 0
  let everReady = false
  let timer: NodeJS.Timeout | undefined
  let status: ServiceStatus = {
    name,
    state: 'stopped',
    restarts: 0,
    url: spec.url ?? spec.health,
    health: spec.health,
    log: spec.log,
  }

  const become = (state: ServiceStatus['state'], why?: string) => {
    const { why: _, pid: __, ...rest } = status
    const pid = child?.pid
    const next = { ...rest, state, ...(why === undefined ? {} : { why }), ...(pid === undefined ? {} : { pid }) }
    const same = next.state === status.state && next.why === status.why && next.pid === status.pid
    status = next
    if (!same) listener.changed(status)
  }

  const begin = () => {
    const started = spawn(process.execPath, ['--import', leash, spec.script], {
      env: spec.env,
      // a group of its own: Ctrl-C reaches the supervisor only, which stops everything in order
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    })
    child = started
    log.write(
      JSON.stringify({ time: new Date().toISOString(), service: name, msg: `started as process ${started.pid}` }),
    )
    const lastWords: string[] = []
    for (const [stream, fromStderr] of [
      [started.stdout, false],
      [started.stderr, true],
    ] as const)
      if (stream)
        createInterface({ input: stream }).on('line', (line) => {
          log.write(line)
          const said = notable(line, fromStderr)
          if (!said) return
          lastWords.push(said.text)
          if (lastWords.length > 5) lastWords.shift()
          listener.said(name, said)
        })
    gone = new Promise((resolve) => {
      let done = false
      const ended = (end: End) => {
        if (done) return
        done = true
        if (child === started) child = undefined
        resolve()
        onEnd(end, lastWords)
      }
      started.once('error', (error) => {
        lastWords.push(error.message)
        ended({ code: null, signal: null })
      })
      started.once('exit', (code, signal) => ended({ code, signal }))
    })
    become('starting')
    look(started, undefined)
  }

  const onEnd = (end: End, lastWords: readonly string[]) => {
    clearTimeout(timer)
    if (stopping) return become('stopped')
    failures++
    const decision = afterEnd(failures, end, everReady)
    if ('gaveUp' in decision) {
      const words = lastWords.at(-1)
      return become('failed', `${decision.gaveUp}${words ? ` (“${words}”)` : ''}; its log is ${spec.log}`)
    }
    status = { ...status, restarts: status.restarts + 1 }
    become(
      'restarting',
      end.signal ? `it was ended by ${end.signal}` : `it ended with exit code ${end.code ?? 'unknown'}`,
    )
    timer = setTimeout(begin, decision.wait)
  }

  const look = (of: ChildProcess, readySince: number | undefined) => {
    const glance = async () => {
      const health = await askHealth(spec.health)
      if (child !== of || stopping) return
      const since = health.ok ? (readySince ?? Date.now()) : undefined
      if (since !== undefined) {
        everReady = true
        if (Date.now() - since >= SETTLED) failures = 0
        become('ready')
      } else if (status.state !== 'starting') become('unready', health.ok ? undefined : health.why)
      look(of, since)
    }
    timer = setTimeout(() => void glance(), status.state === 'starting' ? LOOK_STARTING : LOOK_RUNNING)
  }

  return {
    get status() {
      return status
    },
    start() {
      if (!child && !stopping) begin()
    },
    async stop(patience = PATIENCE) {
      stopping = true
      clearTimeout(timer)
      if (child) {
        child.kill('SIGCONT') // one that was halted could not hear the next
        child.kill('SIGTERM')
        const force = setTimeout(() => child?.kill('SIGKILL'), patience)
        await gone
        clearTimeout(force)
      } else become('stopped')
      log.close()
    },
    kill() {
      stopping = true
      clearTimeout(timer)
      child?.kill('SIGKILL')
    },
  }
}
