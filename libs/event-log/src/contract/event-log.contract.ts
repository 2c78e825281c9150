import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { FunnelError, totalOrder, type Recorded } from '@funnel/events'
import type { EventLog } from '../ports.js'
import { among, eventually, Follower } from './follow.js'
import type { Shelf } from './shelf.js'

/** One adapter, its store, and what a test does around them. */
export interface LogUnderTest {
  readonly shelf: Shelf
  /** The adapter, as another process would have it: batches of at most 10 events. */
  log(): EventLog
  /** What a relay does with records; nothing where the log is the store. */
  publish(records: readonly Recorded[]): Promise<void>
  /** Joins a group as a member that gets partitions of leads and deals, and then dies without a word. */
  die(group: string): Promise<void>
  close(): Promise<void>
}

/** What every adapter of EventLog does. */
export function eventLogContract(make: () => Promise<LogUnderTest>): void {
  describe('keeps the contract of the log', () => {
    let under: LogUnderTest
    beforeEach(async () => {
      under = await make()
    })
    afterEach(() => under.close())

    const record = async (count: number, topic: 'leads' | 'deals' = 'leads') => {
      const made = under.shelf.record(count, { topic })
      await under.publish(made)
      return made
    }

    it('delivers the total order of all topics, in batches, with a watermark that is true', async () => {
      await record(25)
      await record(25, 'deals')
      const follower = await new Follower().open(under.log(), 'order')
      await follower.until(under.shelf.records)
      await record(30)
      await follower.until(under.shelf.records)
      await follower.close()
      expect(ids(follower.seen)).toEqual(ids(under.shelf.records))
      expect(follower.seen).toEqual(under.shelf.records)
      let folded = 0
      for (const { events, w } of follower.batches) {
        expect(events.length).toBeLessThanOrEqual(10)
        folded += events.length
        expect(under.shelf.records.slice(folded).every(({ recorded }) => recorded > w)).toBe(true)
      }
    })

    it('moves the watermark to the head, also with no more events', async () => {
      await record(5)
      const follower = await new Follower().open(under.log(), 'watermark')
      const { w } = await under.shelf.heads()
      await among([follower], () => follower.batches.at(-1)?.w === w)
      await follower.close()
      expect(follower.seen).toHaveLength(5)
    })

    it('delivers again what the consumer failed on, and loses nothing', async () => {
      const all = await record(60)
      const log = under.log()
      let saved = {}
      const done: Recorded[] = []
      for (let failures = 0; failures < 3; failures++) {
        const subscription = await log.open('failing', ['leads'], () => Promise.resolve(saved))
        let batches = 0
        for await (const { events, positions } of subscription) {
          // the second batch fails: what it brought is not saved
          if (++batches > 1 && events.length) break
          done.push(...events)
          saved = positions
        }
        await subscription.close()
      }
      expect(ids(done)).toEqual(ids(all.toSorted(totalOrder).slice(0, done.length)))
      expect(done.length).toBeGreaterThan(0)
      const rest = new Follower()
      rest.place = saved
      await rest.open(log, 'failing')
      await rest.until(all)
      await rest.close()
      expect(ids([...done, ...rest.seen])).toEqual(ids(all.toSorted(totalOrder)))
    })

    it('lets a late subscriber see all from the first event on', async () => {
      const first = await new Follower().open(under.log(), 'early')
      await record(40)
      await first.until(under.shelf.records)
      await first.close()
      const late = await new Follower().open(under.log(), 'late')
      await late.until(under.shelf.records)
      await late.close()
      expect(ids(late.seen)).toEqual(ids(under.shelf.records))
    })

    it('goes on from the place the consumer saved, whatever was delivered before', async () => {
      await record(20)
      const follower = await new Follower().open(under.log(), 'resume')
      await follower.until(under.shelf.records)
      await follower.close()
      const more = await record(20)
      const resumed = new Follower()
      resumed.place = follower.place
      await resumed.open(under.log(), 'resume')
      await resumed.until(more)
      await resumed.close()
      expect(ids(resumed.seen)).toEqual(ids(more.toSorted(totalOrder)))
      const rebuilt = await new Follower().open(under.log(), 'resume')
      await rebuilt.until(under.shelf.records)
      await rebuilt.close()
      expect(ids(rebuilt.seen)).toEqual(ids(under.shelf.records))
    })

    it('shares the partitions among two members, each partition with one of them', async () => {
      const saved = { place: {} }
      const one = await new Follower().open(under.log(), 'shared', saved)
      await among([one], () => one.asked > 0)
      const two = await new Follower().open(under.log(), 'shared', saved)
      await among([one, two], () => two.asked > 0 && one.asked > 1)
      const all = await record(64)
      await one.until(all, [one, two])
      await one.close()
      await two.close()
      const of = (follower: Follower) => new Set(follower.seen.map(({ partition }) => partition))
      expect([...of(one)].filter((partition) => of(two).has(partition))).toEqual([])
      expect([of(one).size, of(two).size]).toEqual([8, 8])
      expect(ids([...one.seen, ...two.seen]).toSorted()).toEqual(ids(all).toSorted())
    })

    it('gives the partitions of a member that left to the other', async () => {
      const saved = { place: {} }
      const one = await new Follower().open(under.log(), 'leaving', saved)
      await among([one], () => one.asked > 0)
      const two = await new Follower().open(under.log(), 'leaving', saved)
      await among([one, two], () => two.asked > 0 && one.asked > 1)
      await two.close()
      const all = await record(32)
      await one.until(all)
      await one.close()
      expect(ids([...one.seen, ...two.seen]).toSorted()).toEqual(ids(all).toSorted())
    })

    it('takes over the partitions of a member that died', async () => {
      const all = await record(32)
      await under.die('dying')
      const heir = await new Follower().open(under.log(), 'dying')
      await heir.until(all)
      await heir.close()
      expect(ids(heir.seen).toSorted()).toEqual(ids(all).toSorted())
    })

    it('gives nothing to a member that wants the whole while another has a share, then all of it in order', async () => {
      const other = await new Follower().open(under.log(), 'whole')
      await among([other], () => other.asked > 0)
      const folder = await new Follower().open(under.log(), 'whole', undefined, { whole: true })
      // the other has given up its half
      await among([other], () => other.asked > 1)
      await record(32)
      await record(32, 'deals')
      const half = () => new Set(other.seen.map(({ topic, partition }) => `${topic}/${partition}`)).size === 16
      await among([other, folder], half)
      expect(folder.batches).toEqual([])
      await other.close()
      await folder.until(under.shelf.records)
      await folder.close()
      expect(folder.seen).toEqual(under.shelf.records)
    })

    it('drops what is published again', async () => {
      const all = await record(30)
      await under.publish(all.slice(5, 25))
      const follower = await new Follower().open(under.log(), 'again')
      await follower.until(all)
      await under.publish(all)
      const more = await record(10)
      await follower.until(more)
      await follower.close()
      expect(ids(follower.seen)).toEqual(ids(under.shelf.records))
    })

    it('fills a gap from the store', async () => {
      const all = under.shelf.record(96)
      await under.publish(all.filter(({ position }) => position !== 2 && position !== 3))
      const never = under.shelf.record(16)
      const follower = await new Follower().open(under.log(), 'gap')
      await follower.until([...all, ...never])
      await follower.close()
      expect(ids(follower.seen)).toEqual(ids(under.shelf.records))
    })

    it('stops with LOG_GAP when the store lacks a position too', async () => {
      const all = under.shelf.record(48)
      const lost = ({ partition, position }: Recorded) => partition === 3 && position === 2
      await under.publish(all.filter((one) => !lost(one)))
      under.shelf.lose(lost)
      const follower = await new Follower().open(under.log(), 'hole')
      await eventually(() => follower.failure !== undefined)
      await follower.close()
      expect(follower.failure).toMatchObject({
        code: 'LOG_GAP',
        details: { topic: 'leads', partition: 3, position: 2 },
      })
      expect(follower.failure).toBeInstanceOf(FunnelError)
    })

    it('stops with LOG_AHEAD when the consumer has seen what the store has not', async () => {
      await record(16)
      const follower = new Follower()
      follower.place = { leads: [2] }
      await follower.open(under.log(), 'ahead')
      await eventually(() => follower.failure !== undefined)
      await follower.close()
      expect(follower.failure).toMatchObject({ code: 'LOG_AHEAD' })
    })

    it('stops in the middle of a batch, at once and more than once', async () => {
      await record(40)
      const log = under.log()
      const subscription = await log.open('stopping', ['leads'], () => Promise.resolve({}))
      const reader = subscription[Symbol.asyncIterator]()
      const { value } = await reader.next()
      expect((value as { events: unknown[] }).events).not.toHaveLength(0)
      const waiting = reader.next().then(() => reader.next())
      await Promise.all([subscription.close(), subscription.close()])
      await subscription.close()
      await waiting
      expect(await reader.next()).toEqual({ done: true, value: undefined })
      await log.close()
      await log.close()
    })
  })
}

const ids = (records: readonly Recorded[]): string[] => records.map(({ event }) => event.id)
