import { execFile, spawn, spawnSync } from 'node:child_process'
import { existsSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)
/** What the docs give to consumers that are not written in TypeScript: Python over librdkafka. */
const example = fileURLToPath(new URL('../../../examples/python-consumer/', import.meta.url))

/** An event as a client that is not ours reads it from Kafka, over a library that is neither ours nor Java's. */
export interface ForeignRecord {
  readonly topic: string
  readonly partition: number
  readonly key: string
  readonly headers: Readonly<Record<string, string>>
  readonly data: unknown
}

/** Why there can be no such client here, or undefined when there can. */
export const whyNoForeignClient = (): string | undefined =>
  spawnSync('python3', ['-m', 'pip', '--version'], { stdio: 'ignore' }).status === 0
    ? undefined
    : 'there is no python3 with pip on the PATH'

/** Reads all topics whose names match (in Python's words) from their beginning to their end. Throws when it cannot. */
export async function* foreignRecords(
  brokers: readonly string[],
  topics: string,
): AsyncGenerator<ForeignRecord, void, undefined> {
  const libraries = await installed()
  const child = spawn(
    'python3',
    [join(example, 'read_events.py'), `--brokers=${brokers.join(',')}`, `--topics=${topics}`],
    { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, PYTHONPATH: libraries } },
  )
  const ended = new Promise<number | null>((resolve, reject) => child.once('error', reject).once('close', resolve))
  try {
    for await (const line of createInterface({ input: child.stdout })) yield JSON.parse(line) as ForeignRecord
    const code = await ended
    if (code !== 0) throw new Error(`read_events.py ended with ${code}`)
  } finally {
    child.kill()
  }
}

/** The folder with what the example needs, fetched by pip when it is asked for the first time. */
async function installed(): Promise<string> {
  const place = join(example, 'target')
  if (existsSync(place)) return place
  // beside its place and moved there at once, so that several processes may do it together
  const partial = `${place}.${process.pid}`
  const requirements = join(example, 'requirements.txt')
  try {
    await run('python3', ['-m', 'pip', 'install', '--quiet', '--target', partial, '--requirement', requirements])
    if (!existsSync(place)) renameSync(partial, place)
  } catch (error) {
    if (!existsSync(place)) throw new Error('pip could not bring confluent-kafka; see the cause', { cause: error })
  } finally {
    rmSync(partial, { recursive: true, force: true })
  }
  return place
}
