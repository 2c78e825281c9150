import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { classArchive, fetchJars, java, kafkaFlags } from './embedded-kafka-jars.js'
import { accepts, writeProperties } from './embedded-kafka-properties.js'
import { freePort } from './free-port.js'

export { kafkaTool, whyNoLocalKafka } from './embedded-kafka-jars.js'

const run = promisify(execFile)
const START_TIMEOUT = 90_000
const STOP_TIMEOUT = 30_000

/** A broker process of a local cluster. */
export interface KafkaBroker {
  readonly address: string
  /** The process, while one runs. */
  readonly pid: number | undefined
  /** Starts it, with the data it had; resolves when it accepts clients. Does nothing when it runs. */
  start(): Promise<void>
  /** Sends a signal; for those that end it, resolves when it has ended. */
  kill(signal?: NodeJS.Signals): Promise<void>
}

/** A local Kafka in KRaft mode, without Docker. */
export interface KafkaCluster {
  readonly brokers: readonly KafkaBroker[]
  /** `host:port` of every broker. */
  readonly addresses: readonly string[]
  /** Stops all brokers; their data stays. */
  stop(): Promise<void>
}

export interface KafkaClusterOptions {
  /** Where data, settings and logs lie; kept between starts. */
  readonly dir: string
  readonly size?: number
  /** Port of the first broker; a free one when absent. */
  readonly port?: number
  /** Told in one line about what takes long. */
  readonly progress?: (line: string) => void
  /** The brokers are killed when this process is gone; this very process when absent. */
  readonly endWith?: number
  /** Remove `dir` once `endWith` is gone. */
  readonly removeAfter?: boolean
}

/**
 * Starts a cluster of real brokers; the first run downloads them with Maven (45 MB). The first broker is the controller
 * as well. Topics are never created on demand; nothing expires.
 */
export async function startKafkaCluster(options: KafkaClusterOptions): Promise<KafkaCluster> {
  const { progress = () => undefined } = options
  await fetchJars(progress)
  await archiveClasses(progress)
  return startCluster(options)
}

async function startCluster(options: KafkaClusterOptions & { jvm?: readonly string[] }): Promise<KafkaCluster> {
  const { dir, size = 1, port, progress = () => undefined } = options
  mkdirSync(dir, { recursive: true })
  const ports = await Promise.all(
    Array.from({ length: size }, async (_, i) => (i === 0 && port ? port : await freePort())),
  )
  const controllerPort = await freePort()
  const clusterId = newClusterId()
  const brokers = ports.map((brokerPort, i) => {
    const settings = writeProperties({ dir, node: i + 1, port: brokerPort, controllerPort, size })
    return localBroker({ ...settings, port: brokerPort, clusterId, options })
  })
  progress(`Starting Kafka on ${ports.map((p) => `127.0.0.1:${p}`).join(', ')} …`)
  const stop = async () => {
    await Promise.all(brokers.map((broker) => broker.kill('SIGTERM')))
  }
  const started = await Promise.allSettled(brokers.map((broker) => broker.start()))
  const failed = started.find((result) => result.status === 'rejected')
  if (failed) {
    await Promise.all(brokers.map((broker) => broker.kill('SIGKILL')))
    throw failed.reason
  }
  return { brokers, addresses: brokers.map(({ address }) => address), stop }
}

interface LocalBroker {
  readonly properties: string
  readonly data: string
  readonly log: string
  readonly port: number
  readonly clusterId: string
  readonly options: KafkaClusterOptions & { readonly jvm?: readonly string[] }
}

function localBroker({ properties, data, log, port, clusterId, options }: LocalBroker): KafkaBroker {
  let child: ChildProcess | undefined
  let ended: Promise<void> = Promise.resolve()
  return {
    address: `127.0.0.1:${port}`,
    get pid() {
      return child?.pid
    },
    async start() {
      if (child) return
      if (await accepts(port))
        throw new Error(`port ${port}, meant for Kafka, is in use: stop what listens there or choose another port`)
      if (!existsSync(join(data, 'meta.properties')))
        await run(java, [...kafkaFlags('64m'), 'kafka.tools.StorageTool', 'format', '-t', clusterId, '-c', properties])
      const out = openSync(log, 'w')
      const started = spawn(java, [...kafkaFlags('256m'), ...(options.jvm ?? []), 'kafka.Kafka', properties], {
        stdio: ['ignore', out, out],
        detached: true,
      })
      closeSync(out)
      child = started
      ended = new Promise((resolve) => {
        const end = () => {
          if (child === started) child = undefined
          resolve()
        }
        started.once('exit', end).once('error', end)
      })
      started.unref()
      guard(started, options)
      for (const deadline = Date.now() + START_TIMEOUT; Date.now() < deadline; await sleep(50)) {
        if (child !== started) throw new Error(`Kafka ended while it started; the end of ${log}:\n${tail(log)}`)
        if (readFileSync(log, 'utf8').includes('Kafka Server started') && (await accepts(port))) return
      }
      throw new Error(`Kafka was not up after ${START_TIMEOUT / 1000} s; the end of ${log}:\n${tail(log)}`)
    },
    async kill(signal = 'SIGKILL') {
      if (!child) return
      child.ref()
      child.kill(signal)
      if (signal !== 'SIGKILL' && signal !== 'SIGTERM') return
      const gone = await Promise.race([ended.then(() => true), sleep(STOP_TIMEOUT, false, { ref: false })])
      if (!gone) child?.kill('SIGKILL')
      await ended
    },
  }
}

/** A shell loop that outlives us and takes the broker with it when the process it belongs to is gone. */
function guard({ pid }: ChildProcess, { endWith = process.pid, removeAfter, dir }: KafkaClusterOptions): void {
  if (pid === undefined) return
  const loop =
    'while kill -0 "$1" 2>/dev/null && kill -0 "$2" 2>/dev/null; do sleep 1; done; ' +
    'kill -0 "$1" 2>/dev/null && exit; kill -9 "$2" 2>/dev/null; if [ -n "$3" ]; then sleep 1; rm -rf "$3"; fi'
  spawn('sh', ['-c', loop, 'kafka-guard', String(endWith), String(pid), removeAfter ? dir : ''], {
    stdio: 'ignore',
    detached: true,
  }).unref()
}

/**
 * Records once, beside the jars, which classes a broker loads: later starts take half the time. Where this fails, or
 * another process is at it, brokers start without.
 */
async function archiveClasses(progress: (line: string) => void): Promise<void> {
  if (existsSync(classArchive)) return
  const busy = `${classArchive}.busy`
  try {
    mkdirSync(busy)
  } catch {
    return
  }
  const dir = mkdtempSync(join(tmpdir(), 'funnel-kafka-'))
  try {
    progress('Preparing Kafka for quick starts (once) …')
    const partial = join(busy, 'classes.jsa')
    const cluster = await startCluster({ dir, removeAfter: true, jvm: [`-XX:ArchiveClassesAtExit=${partial}`] })
    await cluster.stop()
    renameSync(partial, classArchive)
  } catch {
    return
  } finally {
    rmSync(busy, { recursive: true, force: true })
    rmSync(dir, { recursive: true, force: true })
  }
}

/** 16 random bytes in base64url; Kafka's tool takes a leading dash for an option. */
function newClusterId(): string {
  const id = randomBytes(16).toString('base64url')
  return id.startsWith('-') ? newClusterId() : id
}

const tail = (file: string): string => readFileSync(file, 'utf8').slice(-2000)
