import type { ServiceStatus } from '../workspace/state.js'
import { afterEnd } from './back-off.js'

/** A server started by a library of ours: PostgreSQL, a Kafka broker. */
export interface Server {
  readonly pid: number | undefined
  start(): Promise<void>
  stop(): Promise<void>
}

/** A server kept running until it is stopped. */
export interface WatchedServer {
  readonly status: ServiceStatus
  stop(): Promise<void>
}

const LOOK = 500

/** Watches a server that runs, and starts it again with the data it had when it has died. */
export function watched(
  name: string,
  server: Server,
  about: { readonly url: string; readonly log: string },
  changed: (status: ServiceStatus) => void,
): WatchedServer {
  let stopping = false
  let failures = 0
  let timer: NodeJS.Timeout | undefined
  let reviving: Promise<void> = Promise.resolve()
  let status: ServiceStatus = { name, state: 'ready', restarts: 0, ...about, ...pidOf(server) }

  const become = (state: ServiceStatus['state'], why?: string) => {
    const { why: _, pid: __, ...rest } = status
    status = { ...rest, state, ...(why === undefined ? {} : { why }), ...pidOf(server) }
    changed(status)
  }

  const revive = async () => {
    status = { ...status, restarts: status.restarts + 1 }
    become('restarting', 'it has died')
    try {
      await server.start()
      failures = 0
      become('ready')
      plan(LOOK)
    } catch (error) {
      failures++
      const decision = afterEnd(failures, { code: null, signal: null }, true)
      const message = error instanceof Error ? error.message : String(error)
      if ('gaveUp' in decision) return become('failed', message)
      become('restarting', message)
      plan(decision.wait)
    }
  }

  const plan = (wait: number) => {
    if (stopping) return
    timer = setTimeout(() => {
      if (server.pid !== undefined) plan(LOOK)
      else reviving = revive()
    }, wait)
  }
  plan(LOOK)

  return {
    get status() {
      return status
    },
    async stop() {
      stopping = true
      clearTimeout(timer)
      await reviving
      await server.stop()
      become('stopped')
    },
  }
}

const pidOf = ({ pid }: Server) => (pid === undefined ? {} : { pid })
