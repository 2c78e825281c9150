/**
 * Kafka's default partitioner for keyed records: murmur2 (seed 0x9747b28c) of the UTF-8 key, made positive, modulo the
 * partition count. Checked against a golden list, because a key must never move.
 */
export function partitionOf(key: string, partitions: number): number {
  return (murmur2(Buffer.from(key, 'utf8')) & 0x7fffffff) % partitions
}

/** murmur2 as in org.apache.kafka.common.utils.Utils; a signed 32-bit integer. */
export function murmur2(data: Uint8Array): number {
  const m = 0x5bd1e995
  const at = (i: number) => data[i] ?? 0
  let h = 0x9747b28c ^ data.length
  const words = data.length >> 2
  for (let i = 0; i < words; i++) {
    const j = i * 4
    let k = at(j) | (at(j + 1) << 8) | (at(j + 2) << 16) | (at(j + 3) << 24)
    k = Math.imul(k, m)
    k ^= k >>> 24
    h = Math.imul(h, m) ^ Math.imul(k, m)
  }
  const tail = words * 4
  const rest = data.length & 3
  if (rest === 3) h ^= at(tail + 2) << 16
  if (rest >= 2) h ^= at(tail + 1) << 8
  if (rest >= 1) h = Math.imul(h ^ at(tail), m)
  h ^= h >>> 13
  h = Math.imul(h, m)
  return h ^ (h >>> 15)
}
