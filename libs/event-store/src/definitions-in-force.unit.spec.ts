import { beforeEach, describe, expect, it } from '@jest/globals'
import { loadAllDefinitions } from '@funnel/definitions'
import { derivedId, typeOf, type Envelope, type Instant } from '@funnel/events'
import { definitionsInForce } from './definitions-in-force.js'
import { memoryEventStore, type MemoryEventStore } from './memory/memory-event-store.js'

const { funnel, reasons } = loadAllDefinitions()

describe('the definitions in force', () => {
  let now: Instant
  let n: number
  let store: MemoryEventStore
  let reads: number
  /** What a read waits for before it answers. */
  let hold: Promise<unknown> | undefined
  let current: ReturnType<typeof definitionsInForce<{ funnel: typeof funnel; reasons: typeof reasons }>>
  beforeEach(() => {
    now = 1000
    n = 0
    reads = 0
    hold = undefined
    store = memoryEventStore(() => now)
    current = definitionsInForce(
      { funnel, reasons },
      {
        firstBusiness: () => store.definitions.firstBusiness(),
        read: async (after) => {
          reads++
          const read = await store.definitions.read(after)
          await hold
          return read
        },
      },
    )
  })

  const record = async (type: string, data: Readonly<Record<string, unknown>>) => {
    const event: Envelope = {
      specversion: '1.0',
      id: derivedId('in-force', n++),
      source: '/test',
      type,
      dataschema: `${type}:1`,
      time: new Date(now).toISOString(),
      partitionkey: data[typeOf(type)!.key] as string,
      data,
    }
    await store.append({ events: [event] })
  }
  const touch = () => record('touchpoint.recorded', { visitor: `v${n}`, kind: 'page' })
  const apply = (version: number, effective = now) =>
    record('definition.applied', {
      definition: 'funnel/funnel',
      version,
      effective: new Date(effective).toISOString(),
      approved: { marketing: 'm', sales: 's' },
      hash: '0'.repeat(64),
      content: { ...funnel, version },
    })
  /** As of a refresh. */
  const versionAt = async (instant: Instant) => {
    await current.refresh()
    return current.at(instant).funnel.version
  }

  it('are the base until a version is applied, and then that, from when on it is effective', async () => {
    await touch()
    expect(await versionAt(1e15)).toBe(funnel.version)
    now = 2000
    await apply(7, 5000)
    expect(await versionAt(4999)).toBe(funnel.version)
    expect(await versionAt(5000)).toBe(7)
    now = 6000
    await apply(8)
    expect([await versionAt(6000), await versionAt(6001)]).toEqual([7, 8])
  })

  it('count from the beginning where they were applied before there was business', async () => {
    await apply(7)
    await record('queue.staffed', { queue: 'q', members: [] })
    await apply(8, 1500)
    now = 2000
    await touch()
    expect(await versionAt(1)).toBe(8)
    now = 3000
    await apply(9)
    expect([await versionAt(1), await versionAt(3000), await versionAt(3001)]).toEqual([8, 8, 9])
  })

  it('are the same object as long as nothing was applied, whatever else is recorded', async () => {
    await touch()
    await apply(7)
    await current.refresh()
    const before = current.at(1e15)
    for (let i = 0; i < 10; i++) await touch()
    reads = 0
    await current.refresh()
    expect(current.at(1e15)).toBe(before)
    expect(reads).toBe(1)
  })

  it('hold what was recorded before they were asked for, though another reads already; those who wait share the next', async () => {
    await touch()
    const held = Promise.withResolvers<undefined>()
    hold = held.promise
    const first = current.refresh()
    await apply(7)
    const others = [versionAt(1e15), versionAt(1e15), versionAt(1e15)]
    held.resolve(undefined)
    await first
    expect(current.at(1e15).funnel.version).toBe(funnel.version)
    expect(await Promise.all(others)).toEqual([7, 7, 7])
    expect(reads).toBe(2)
  })

  it('are asked for again after a failure', async () => {
    let down = true
    const asked = definitionsInForce(
      { funnel },
      {
        ...store.definitions,
        read: (after) => (down ? Promise.reject(new Error('down')) : store.definitions.read(after)),
      },
    )
    const [one, other] = await Promise.allSettled([asked.refresh(), asked.refresh()])
    expect([one.status, other.status]).toEqual(['rejected', 'rejected'])
    down = false
    await touch()
    await apply(7)
    await asked.refresh()
    expect(asked.at(1e15).funnel.version).toBe(7)
  })
})
