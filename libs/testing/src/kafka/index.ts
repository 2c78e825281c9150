import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { describe as Describe, it as It } from '@jest/globals'
import { startKafkaCluster, whyNoLocalKafka, type KafkaBroker } from '@funnel/platform'
import { startContainer } from './container.js'
import { runFolder, shared, testRun } from '../shared.js'

/** A cluster of one's own, to be broken. */
export interface TestKafka {
  readonly brokers: readonly KafkaBroker[]
  readonly addresses: readonly string[]
  /** Ends all brokers at once and deletes what they had. */
  remove(): Promise<void>
}

/**
 * The Kafka that all suites of a test run share, started when the first one asks: KAFKA_BROKERS, else a container where
 * Docker answers, else a local broker. Suites keep apart by topic and group names. It ends with the test run.
 */
export async function testKafka(): Promise<{ brokers: string[] }> {
  const given = process.env['KAFKA_BROKERS']
  if (given) return { brokers: given.split(',') }
  const folder = runFolder('kafka')
  return shared(folder, async () => {
    if (dockerAnswers()) return { brokers: [await startContainer()] }
    const { addresses } = await startKafkaCluster({
      dir: folder,
      endWith: testRun(),
      removeAfter: true,
      progress: say,
    })
    return { brokers: [...addresses] }
  })
}

/** Starts a local cluster of one's own; it ends with the test run at the latest. Always local processes, never Docker. */
export async function startKafka({ size = 1 } = {}): Promise<TestKafka> {
  const dir = mkdtempSync(join(tmpdir(), 'funnel-kafka-'))
  const { brokers, addresses } = await startKafkaCluster({ dir, size, endWith: testRun(), removeAfter: true })
  return {
    brokers,
    addresses,
    async remove() {
      await Promise.all(brokers.map((broker) => broker.kill('SIGKILL')))
      rmSync(dir, { recursive: true, force: true })
    },
  }
}

/**
 * `describe` for suites that need a Kafka: any (`broker`, see testKafka) or a local one that can be killed (`cluster`,
 * see startKafka). Where there is none the suite is skipped with a loud line, and fails when CI=true.
 */
export function describeKafka(title: string, suite: () => void, need: 'broker' | 'cluster' = 'broker'): void {
  // Jest's globals, so that the rest of this package also works outside Jest
  const { describe, it } = globalThis as unknown as { describe: typeof Describe; it: typeof It }
  const why = whyNoKafka(need)
  if (!why) {
    describe(title, suite)
    return
  }
  const line = `"${title}" needs Kafka: ${why}. Set KAFKA_BROKERS, start Docker, or install Java 17 and Maven.`
  if (process.env['CI'] === 'true')
    describe(title, () => {
      it('has a Kafka to run against', () => {
        throw new Error(line)
      })
    })
  else {
    say(`SKIPPED: ${line}`)
    describe.skip(title, suite)
  }
}

function whyNoKafka(need: 'broker' | 'cluster'): string | undefined {
  if (need === 'broker' && (process.env['KAFKA_BROKERS'] || dockerAnswers())) return undefined
  return whyNoLocalKafka()
}

let docker: boolean | undefined

/** Whether a Docker daemon takes connections; known in milliseconds where there is none. */
function dockerAnswers(): boolean {
  return (docker ??= probeDocker())
}

function probeDocker(): boolean {
  const host = process.env['DOCKER_HOST'] ?? 'unix:///var/run/docker.sock'
  const socket = /^unix:\/\/(.+)$/.exec(host)?.[1]
  if (socket && !existsSync(socket)) return false
  // a child process, because describe cannot wait
  const probe = `const { connect } = require('node:net'); const [, host] = process.argv
    const url = host.startsWith('unix:') ? { path: host.slice(7) } : { host: new URL(host).hostname, port: new URL(host).port || 2375 }
    connect(url).once('connect', () => process.exit(0)).once('error', () => process.exit(1)).setTimeout(1000, () => process.exit(1))`
  return spawnSync(process.execPath, ['-e', probe, host], { timeout: 3000 }).status === 0
}

const say = (line: string) => process.stderr.write(`${line}\n`)
