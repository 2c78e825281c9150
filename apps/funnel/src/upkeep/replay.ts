import { InvalidArgumentError, type Command } from 'commander'
import { FunnelError, topicNames, type Topic } from '@funnel/events'
import { workspaceCommand } from '../cli/command.js'
import { print, printJson, say } from '../cli/print.js'
import { style } from '../cli/style.js'
import { formatCount } from '../ask/format.js'
import type { Choice } from '../workspace/locate.js'
import { storeOf } from '../workspace/stores.js'
import { eventProgress } from './progress.js'

interface ReplayFlags extends Choice {
  readonly json?: boolean
  readonly topic?: readonly Topic[]
  readonly partition?: number
  readonly from?: number
  readonly to?: number
}

/** `funnel replay`: publishes events again from the store, for consumers that come when the topics no longer have them. */
export const replayCommand = (): Command =>
  workspaceCommand('replay', 'publish events again from the store to the Kafka topics', [
    'npx funnel replay                                          everything, for a consumer that comes late',
    'npx funnel replay --topic deals',
    'npx funnel replay --topic leads --partition 3 --from 100 --to 200',
  ])
    .option('--topic <names>', `some of ${topicNames.join(', ')} (default: all)`, topicsOf)
    .option('--partition <n>', 'this partition of each topic (default: all)', numberFrom(0))
    .option('--from <position>', 'the first position of a partition (default: 1)', numberFrom(1))
    .option('--to <position>', 'the last position of a partition (default: the last there is)', numberFrom(1))
    .action(async ({ json = false, topic = topicNames, partition, from, to, ...choice }: ReplayFlags) => {
      const { databaseUrl, kafkaBrokers, kafkaTopicPrefix, name } = storeOf(choice)
      if (!kafkaBrokers)
        throw new FunnelError(
          'INVALID',
          `${name} has no Kafka: name its brokers in KAFKA_BROKERS, or start it with --kafka`,
        )
      if (!json) say(style('dim', name, process.stderr))
      const [{ createPool }, { kafkaClient, naming, postgresEventTail, replay }] = await Promise.all([
        import('@funnel/platform'),
        import('@funnel/event-log'),
      ])
      const pool = createPool(databaseUrl, 'funnel-replay', 1)
      const client = kafkaClient({ brokers: kafkaBrokers.split(','), clientId: 'funnel-replay' })
      const stop = new AbortController()
      for (const signal of ['SIGINT', 'SIGTERM'] as const)
        process.once(signal, () => stop.abort(new Error('stopped; what was published again does no harm')))
      const progress = eventProgress('replay', json)
      const begun = Date.now()
      try {
        const events = await replay({
          tail: postgresEventTail(pool),
          client,
          naming: naming(kafkaTopicPrefix),
          topics: topic,
          ...(partition !== undefined && { partition }),
          ...(from !== undefined && { from }),
          ...(to !== undefined && { to }),
          signal: stop.signal,
          onProgress: (at) => progress.update(at),
        })
        progress.stop()
        const seconds = (Date.now() - begun) / 1000
        if (json) printJson({ events, topics: topic, seconds })
        else print(`${formatCount(events)} events published again in ${seconds.toFixed(1)} s`)
      } finally {
        progress.stop()
        await client.close()
        await pool.end()
      }
    })

function topicsOf(text: string): Topic[] {
  const names = text.split(',')
  for (const name of names)
    if (!(topicNames as readonly string[]).includes(name))
      throw new InvalidArgumentError(`${name} is no topic: there are ${topicNames.join(', ')}.`)
  return names as Topic[]
}

const numberFrom =
  (least: number) =>
  (text: string): number => {
    const value = Number(text)
    if (!Number.isSafeInteger(value) || value < least)
      throw new InvalidArgumentError(`It is a number from ${least} on.`)
    return value
  }
