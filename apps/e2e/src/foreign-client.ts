import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { kafkaTool } from '@funnel/platform'

/** A record as a client that is not ours sees it. */
export interface ForeignRecord {
  readonly partition: number
  readonly key: string
  readonly headers: ReadonlyMap<string, string>
  readonly value: string
}

const HEADERS = '\u0001'
const FIELDS = '\u0002'

/**
 * Reads topics from their beginning with Kafka's own console consumer, until nothing has come for some seconds. `topics`
 * is a regular expression in Java's words.
 */
export async function* foreignRecords(
  brokers: readonly string[],
  topics: string,
): AsyncGenerator<ForeignRecord, void, undefined> {
  const [command, ...args] = await kafkaTool('org.apache.kafka.tools.consumer.ConsoleConsumer')
  const properties = {
    'print.partition': true,
    'print.headers': true,
    'print.key': true,
    'headers.separator': HEADERS,
    'key.separator': FIELDS,
  }
  const child = spawn(
    command,
    [
      ...args,
      `--bootstrap-server=${brokers.join(',')}`,
      `--include=${topics}`,
      '--from-beginning',
      '--timeout-ms=8000',
      ...Object.entries(properties).flatMap(([name, value]) => ['--formatter-property', `${name}=${value}`]),
    ],
    { stdio: ['ignore', 'pipe', 'ignore'] },
  )
  try {
    for await (const line of createInterface({ input: child.stdout })) {
      const [partition, headers, key, value] = line.split(FIELDS)
      if (value === undefined) throw new Error(`the console consumer printed: ${line.slice(0, 200)}`)
      yield {
        partition: Number(partition!.replace('Partition:', '')),
        key: key!,
        value,
        headers: new Map(
          headers!.split(HEADERS).map((header) => {
            const at = header.indexOf(':')
            return [header.slice(0, at), header.slice(at + 1)]
          }),
        ),
      }
    }
  } finally {
    child.kill()
  }
}
