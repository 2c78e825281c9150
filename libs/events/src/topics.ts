/**
 * Topics, categories and streams: the one table of where an event lives.
 *
 * A stream is `<category>-<key>`; the category fixes the topic, the key fixes the partition. Nothing here may change
 * once a store exists: the partition count decides where a key lives for ever.
 */
import { FunnelError } from './errors.js'
import { partitionOf } from './partition.js'

/** Every topic with its stable number (stored in tables, order of the total order) and its partition count. */
export const topics = {
  touchpoints: { id: 1, name: 'funnel.touchpoints.v1', partitions: 16 },
  leads: { id: 2, name: 'funnel.leads.v1', partitions: 16 },
  deals: { id: 3, name: 'funnel.deals.v1', partitions: 16 },
  people: { id: 4, name: 'funnel.people.v1', partitions: 16 },
  sla: { id: 5, name: 'funnel.sla.v1', partitions: 16 },
  definitions: { id: 6, name: 'funnel.definitions.v1', partitions: 1 },
} as const

export type Topic = keyof typeof topics
export const topicNames = Object.keys(topics) as readonly Topic[]

/** The topic with this stable number. Throws on a number no topic has. */
export function topicById(id: number): Topic {
  const topic = topicNames[id - 1]
  if (!topic || topics[topic].id !== id) throw new RangeError(`no topic has the number ${id}`)
  return topic
}

/** The topic with this Kafka name, or undefined. */
export const topicByName = (name: string): Topic | undefined => topicNames.find((topic) => topics[topic].name === name)

const categoryTopic = {
  visitor: 'touchpoints',
  lead: 'leads',
  queue: 'leads',
  deal: 'deals',
  person: 'people',
  account: 'people',
  sla: 'sla',
  definition: 'definitions',
} as const satisfies Record<string, Topic>

export type Category = keyof typeof categoryTopic

/** The topic that holds a category. */
export const topicOf = (category: Category): Topic => categoryTopic[category]

/** What is business: queues are staffed and companies become known before there is any. */
export const businessCategories: readonly Category[] = ['visitor', 'lead', 'deal', 'sla']

/** Every partition that may hold business, by the number of its topic; among the leads lie queues, too. */
export const businessPartitions: readonly (readonly [topic: number, partition: number])[] = [
  ...new Set(businessCategories.map(topicOf)),
].flatMap((name) => {
  const { id, partitions } = topics[name]
  return Array.from({ length: partitions }, (_, partition) => [id, partition] as const)
})

/** Where a stream lives. */
export interface Address {
  readonly stream: string
  readonly topic: Topic
  readonly partition: number
}

/** The address of the subject `key` of a category. Pure; the same for ever. */
export function addressOf(category: Category, key: string): Address {
  const topic = topicOf(category)
  return { stream: `${category}-${key}`, topic, partition: partitionOf(key, topics[topic].partitions) }
}

/** The address of a stream by its name. Throws INVALID for a category that there is not. */
export function addressOfStream(stream: string): Address {
  const dash = stream.indexOf('-')
  const category = stream.slice(0, dash)
  if (!Object.hasOwn(categoryTopic, category))
    throw new FunnelError('INVALID', `${stream} is no stream: a stream is <category>-<key>`, { stream })
  return addressOf(category as Category, stream.slice(dash + 1))
}
