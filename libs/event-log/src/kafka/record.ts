import type { Envelope, Recorded, Topic } from '@funnel/events'
import type { IncomingRecord, OutgoingRecord } from './client.js'

/** A record as read from a topic, with the epoch of the store that recorded it. */
export interface Published {
  readonly record: Recorded
  readonly epoch: string
}

/** All of a record but the name of its topic. */
export type EncodedRecord = Omit<OutgoingRecord, 'topic'>

/**
 * A record as CloudEvents 1.0 in binary mode: attributes as headers `ce_…`, data as the value, keyed by the subject.
 * Beside them stands its place in the log: `position`, `version`, `stream`, `recorded` (ISO 8601) and the store's `epoch`.
 */
export function encode(record: Recorded, epoch: string): EncodedRecord {
  const { data, ...attributes } = record.event
  const headers: Record<string, string> = { 'content-type': 'application/json' }
  for (const [name, value] of Object.entries(attributes)) if (value !== undefined) headers[`ce_${name}`] = String(value)
  headers['position'] = String(record.position)
  headers['version'] = String(record.version)
  headers['stream'] = record.stream
  headers['recorded'] = new Date(record.recorded).toISOString()
  headers['epoch'] = epoch
  return {
    partition: record.partition,
    key: record.event.partitionkey,
    value: JSON.stringify(data),
    headers,
    // what was recorded ahead of this clock must not be refused by a broker for lying in the future
    timestamp: Math.min(record.recorded, Date.now()),
  }
}

/** What `encode` made, or undefined when something else did. */
export function decode(topic: Topic, partition: number, message: IncomingRecord): Published | undefined {
  const header = (name: string): string | undefined => {
    const value = message.headers[name]
    return value === undefined || Array.isArray(value) ? undefined : value.toString()
  }
  const position = Number(header('position'))
  const version = Number(header('version'))
  const recorded = Date.parse(header('recorded') ?? '')
  const stream = header('stream')
  const epoch = header('epoch')
  const event = envelope(header, message.value)
  if (!isCount(position) || !isCount(version) || Number.isNaN(recorded) || !stream || !epoch || !event) return undefined
  return { record: { topic, partition, position, stream, version, recorded, event }, epoch }
}

const isCount = (value: number): boolean => Number.isSafeInteger(value) && value >= 1

const texts = ['correlationid', 'causationid', 'importid', 'requesthash', 'actor'] as const
const numbers = ['sequence', 'hops'] as const

function envelope(header: (name: string) => string | undefined, value: Buffer | null): Envelope | undefined {
  const id = header('ce_id')
  const source = header('ce_source')
  const type = header('ce_type')
  const dataschema = header('ce_dataschema')
  const time = header('ce_time')
  const partitionkey = header('ce_partitionkey')
  if (header('ce_specversion') !== '1.0' || value === null) return undefined
  if (id === undefined || source === undefined || type === undefined) return undefined
  if (dataschema === undefined || time === undefined || partitionkey === undefined) return undefined
  const extensions: { -readonly [name in (typeof texts)[number]]?: string } & { sequence?: number; hops?: number } = {}
  for (const name of texts) {
    const text = header(`ce_${name}`)
    if (text !== undefined) extensions[name] = text
  }
  for (const name of numbers) {
    const text = header(`ce_${name}`)
    if (text !== undefined) extensions[name] = Number(text)
  }
  try {
    const data = JSON.parse(value.toString()) as unknown
    return { specversion: '1.0', id, source, type, dataschema, time, partitionkey, ...extensions, data }
  } catch {
    return undefined
  }
}
