import { execFile } from 'node:child_process'
import { existsSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { basename, delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)
const KAFKA_VERSION = '4.3.1'
/** Beside the sources in every checkout, reached from `src` and from `dist` alike. */
const recipe = fileURLToPath(new URL('../../../infra/kafka/', import.meta.url))
const jars = join(recipe, 'target', `kafka-${KAFKA_VERSION}`)
/** The same and Kafka's own command-line tools. */
const toolJars = `${jars}-tools`

export const java = process.env['JAVA_HOME'] ? join(process.env['JAVA_HOME'], 'bin', 'java') : 'java'

/** Classes as the JVM has them in memory. Java ignores it silently when it does not fit the jars or the JVM. */
export const classArchive = `${jars}.jsa`

/** Why a local Kafka cannot run here, or undefined when it can. Looks only at files. */
export function whyNoLocalKafka(): string | undefined {
  if (!process.env['JAVA_HOME'] && !onPath('java')) return 'there is no java (17 or later) on the PATH'
  if (!existsSync(jars) && !onPath('mvn')) return 'there is no mvn on the PATH to fetch the broker with'
  return undefined
}

/** Small, quick to start, mute but for the line that says it is up. */
export const kafkaFlags = (heap: string): string[] => [
  `-Xms${heap}`,
  `-Xmx${heap}`,
  '-XX:+UseSerialGC',
  '-Xss512k',
  '-XX:TieredStopAtLevel=1',
  '-XX:+ExitOnOutOfMemoryError',
  '-Djava.awt.headless=true',
  '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
  '-Dorg.slf4j.simpleLogger.log.kafka.server.KafkaRaftServer=info',
  ...(existsSync(classArchive) ? [`-XX:SharedArchiveFile=${classArchive}`] : []),
  '-cp',
  join(jars, '*'),
]

/** Fetches the broker. */
export const fetchJars = (progress: (line: string) => void): Promise<void> => fetch(jars, [], progress)

/**
 * How to run one of Kafka's own command-line tools, fetched when they are asked for the first time: the command and its
 * arguments up to those of the tool itself.
 */
export async function kafkaTool(
  mainClass: string,
  progress: (line: string) => void = () => undefined,
): Promise<readonly [command: string, ...args: string[]]> {
  await fetch(toolJars, ['-P', 'tools'], progress)
  const flags = ['-Xmx512m', '-Dorg.slf4j.simpleLogger.defaultLogLevel=error']
  return [java, ...flags, '-cp', join(toolJars, '*'), mainClass]
}

/** Copies jars beside their place and moves them there at once, so that several processes may do it together. */
async function fetch(place: string, profile: readonly string[], progress: (line: string) => void): Promise<void> {
  if (existsSync(place)) return
  const why = whyNoLocalKafka()
  if (why) throw new Error(`Kafka cannot be started here: ${why}`)
  progress(`Downloading ${basename(place)} with Maven (45 MB, once) …`)
  const partial = `${jars}.${process.pid}`
  // the profile adds to the name itself
  const brought = place.replace(jars, partial)
  try {
    await run('mvn', ['-B', '-q', '-ntp', '-f', join(recipe, 'pom.xml'), ...profile, `-Djars=${partial}`, 'package'])
    if (!readdirSync(brought).some((name) => name.startsWith('kafka_'))) throw new Error('Maven brought no Kafka')
    if (!existsSync(place)) renameSync(brought, place)
  } catch (error) {
    if (!existsSync(place)) throw new Error('Kafka could not be downloaded with Maven; see the cause', { cause: error })
  } finally {
    rmSync(brought, { recursive: true, force: true })
  }
}

const onPath = (command: string): boolean =>
  (process.env['PATH'] ?? '').split(delimiter).some((folder) => folder !== '' && existsSync(join(folder, command)))
