import { stringify } from 'yaml'
import { catalogue } from './catalogue.js'
import { dataschemaOf, type EventType } from './event-type.js'
import { topicNames, topicOf, topics } from './topics.js'
import { schemaOf } from './validation/schema.js'

/** The published language as an AsyncAPI 3 document in YAML: what is on the Kafka topics, for consumers of any language. */
export const asyncApi = (types: readonly EventType[] = catalogue): string =>
  `# Generated from the catalogue by generate.mjs; do not edit.\n${stringify(documentOf(types), { aliasDuplicateObjects: false, lineWidth: 120 })}`

function documentOf(types: readonly EventType[]) {
  const used = topicNames.filter((topic) => types.some((type) => topicOf(type.category) === topic))
  const messages = types.flatMap((type) =>
    Array.from({ length: type.version }, (_, i) => [dataschemaOf(type, i + 1), messageOf(type, i + 1)] as const),
  )
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Funnel events',
      version: '1.0.0',
      description:
        'Facts of one sales-and-marketing funnel. CloudEvents 1.0 in binary mode: attributes are headers, the value is ' +
        'the data as JSON. Every record carries its place in the log; (topic, partition, position) names it, positions ' +
        'are dense from 1. Topic names may carry a prefix of the workspace.',
    },
    defaultContentType: 'application/json',
    channels: Object.fromEntries(
      used.map((topic) => [
        topic,
        {
          address: topics[topic].name,
          messages: Object.fromEntries(
            types
              .filter((type) => topicOf(type.category) === topic)
              .flatMap((type) => Array.from({ length: type.version }, (_, i) => dataschemaOf(type, i + 1)))
              .map((name) => [idOf(name), { $ref: `#/components/messages/${idOf(name)}` }]),
          ),
          bindings: { kafka: { partitions: topics[topic].partitions, bindingVersion: '0.5.0' } },
        },
      ]),
    ),
    operations: Object.fromEntries(
      used.map((topic) => [
        `publish-${topic}`,
        { action: 'send', channel: { $ref: `#/channels/${topic}` }, summary: `Everything recorded in ${topic}.` },
      ]),
    ),
    components: {
      messages: Object.fromEntries(messages.map(([name, message]) => [idOf(name), message])),
      schemas: { headers },
    },
  }
}

const messageOf = (type: EventType, version: number) => ({
  name: type.name,
  title: dataschemaOf(type, version),
  summary: type.title,
  contentType: 'application/json',
  headers: { $ref: '#/components/schemas/headers' },
  payload: plain(schemaOf(type, version)),
  bindings: {
    kafka: { key: { type: 'string', description: `data.${type.key}` }, bindingVersion: '0.5.0' },
  },
})

/** A name that a key of AsyncAPI may have: no colon. */
const idOf = (dataschema: string): string => dataschema.replace(':', '.v')

/** The schema as JSON has it, without what the library adds for itself. */
const plain = (schema: object): unknown => JSON.parse(JSON.stringify(schema)) as unknown

const header = (description: string, more: object = {}) => ({ type: 'string', description, ...more })

/** The headers that every record has. */
const always =
  'ce_specversion ce_id ce_source ce_type ce_dataschema ce_time ce_partitionkey position version stream recorded epoch'

const headers = {
  type: 'object',
  required: always.split(' '),
  properties: {
    'content-type': header('Of the value', { const: 'application/json' }),
    ce_specversion: header('Of CloudEvents', { const: '1.0' }),
    ce_id: header('Unique in the whole log', { format: 'uuid' }),
    ce_source: header('Who says so', { format: 'uri-reference' }),
    ce_type: header('The event type'),
    ce_dataschema: header('<type>:<version> of the schema the value satisfies'),
    ce_time: header('When it happened, as the producer says', { format: 'date-time' }),
    ce_partitionkey: header("The subject's id; also the record's key"),
    ce_sequence: header("The producer's own order among events of one instant; a whole number"),
    ce_correlationid: header('What it belongs to'),
    ce_causationid: header('The event that caused it'),
    ce_hops: header('Events since the outside cause; a whole number'),
    ce_importid: header('The import that brought it'),
    ce_requesthash: header('Of a decision: hash of the command that it came of'),
    ce_actor: header('Of a decision: who decided; absent where the platform did'),
    position: header('Place in the partition, dense from 1'),
    version: header('Place in the stream, dense from 1'),
    stream: header('<category>-<key>'),
    recorded: header('When the store committed it', { format: 'date-time' }),
    epoch: header('Which log this is; another one after a restore', { format: 'uuid' }),
  },
}
