import { topicByName, topics, type Topic } from '@funnel/events'

/**
 * Topic and group names of one workspace. With a prefix several workspaces share brokers without seeing each other;
 * without one the names are the published ones.
 */
export interface Naming {
  readonly prefix: string
  readonly nameOf: (topic: Topic) => string
  /** The topic of this Kafka name, or undefined when it is none of this workspace. */
  readonly topicOf: (name: string) => Topic | undefined
}

export const naming = (prefix = ''): Naming => ({
  prefix,
  nameOf: (topic) => prefix + topics[topic].name,
  topicOf: (name) => (name.startsWith(prefix) ? topicByName(name.slice(prefix.length)) : undefined),
})
