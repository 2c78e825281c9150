import { fork } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { grpcConnection } from './grpc-connection.js'
import { spread, type Spread } from './harness.js'

/** Drives one unary gRPC method with one request, over four connections. */
export interface GrpcLoad {
  /** The answer's message, also to another request. Throws unless there is one, and the status is OK. */
  call(other?: Uint8Array): Promise<Buffer>
  /** So many calls, so many at once. */
  flood(calls: number, width: number): Promise<void>
  /** Calls at a steady rate for so many seconds; their latencies in milliseconds, ascending. */
  steady(rate: number, seconds: number): Promise<number[]>
  close(): void
}

const CONNECTIONS = 4

export function grpcLoad(address: string, path: string, request: Uint8Array): GrpcLoad {
  const [host = '', port] = address.split(':')
  const connections = Array.from({ length: CONNECTIONS }, () => grpcConnection(host, Number(port), path))
  let turn = 0
  const call = (other = request) => connections[turn++ % CONNECTIONS]!.call(other)
  return {
    call,
    async flood(calls, width) {
      let left = calls
      const worker = async () => {
        while (left-- > 0) await call()
      }
      await Promise.all(Array.from({ length: width }, worker))
    },
    async steady(rate, seconds) {
      const latencies: number[] = []
      const running: Promise<unknown>[] = []
      const start = performance.now()
      for (let n = 0; n < rate * seconds; n++) {
        const due = start + (n * 1000) / rate
        const wait = due - performance.now()
        if (wait > 0) await sleep(wait)
        // from when it was due: a server that makes the driver wait is not forgiven
        running.push(call().then(() => latencies.push(performance.now() - due)))
      }
      await Promise.all(running)
      return latencies.toSorted((a, b) => a - b)
    },
    close: () => connections.forEach((connection) => connection.close()),
  }
}

/** The value below which so large a share of ascending values lies. */
export const quantile = (ascending: readonly number[], share: number): number =>
  ascending[Math.min(ascending.length - 1, Math.floor(ascending.length * share))] ?? Number.NaN

/** That value in each of some rounds, less so much. */
export const ofRounds = (rounds: readonly (readonly number[])[], share: number, less = 0): Spread =>
  spread(rounds.map((ascending) => quantile(ascending, share) - less))

/** What a load's process is asked to do. */
export type LoadTask =
  { readonly flood: [calls: number, width: number] } | { readonly steady: [rate: number, seconds: number] }

/**
 * The load of a process of its own, so that what this one holds in memory makes no pauses in what is measured. Answers with
 * the latencies, of a flood with none.
 */
export function loadProcess(address: string, path: string, request: Uint8Array) {
  const args = [address, path, Buffer.from(request).toString('base64')]
  const child = fork(fileURLToPath(new URL('./load-process.js', import.meta.url)), args, {
    execArgv: ['--max-semi-space-size=4'],
  })
  const ended = once(child, 'exit').then(() => Promise.reject(new Error(`the load on ${path} has ended`)))
  ended.catch(() => undefined) // where nothing is asked it may end
  const ask = async (task: LoadTask): Promise<number[]> => {
    child.send(task)
    const [answer] = (await Promise.race([once(child, 'message'), ended])) as [number[]]
    return answer
  }
  return {
    flood: (calls: number, width: number) => ask({ flood: [calls, width] }),
    steady: (rate: number, seconds: number) => ask({ steady: [rate, seconds] }),
    close: () => child.disconnect(),
  }
}
