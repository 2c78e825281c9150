import { describe, expect, it } from '@jest/globals'
import { FunnelError } from '@funnel/events'
import { StreamMemory } from './stream-memory.js'

/** Work that ends when it is told to. */
function held() {
  const begun: string[] = []
  const ends = new Map<string, (error?: Error) => void>()
  const work = (name: string) => () =>
    new Promise<string>((resolve, reject) => {
      begun.push(name)
      ends.set(name, (error) => (error ? reject(error) : resolve(name)))
    })
  return {
    begun,
    work,
    end: async (name: string, error?: Error) => {
      ends.get(name)!(error)
      await new Promise(setImmediate)
    },
  }
}

describe('the memory of streams', () => {
  it('lets those who decide on a stream take turns in the order in which they came, and others go on', async () => {
    const memory = new StreamMemory<number>()
    const { begun, work, end } = held()
    const done = ['a', 'b', 'c'].map((name) => memory.inTurn('queue-q', work(name)))
    const other = memory.inTurn('queue-r', work('other'))
    expect(begun).toEqual(['a', 'other'])
    await end('a')
    expect(begun).toEqual(['a', 'other', 'b'])
    await end('b')
    await end('c')
    await end('other')
    expect(await Promise.all([...done, other])).toEqual(['a', 'b', 'c', 'other'])
  })

  it('goes on after one who was refused', async () => {
    const memory = new StreamMemory<number>()
    const { begun, work, end } = held()
    const done = Promise.allSettled(['a', 'b'].map((name) => memory.inTurn('queue-q', work(name))))
    await end('a', new FunnelError('REJECTED', 'everybody is away'))
    expect(begun).toEqual(['a', 'b'])
    await end('b')
    expect((await done).map(({ status }) => status)).toEqual(['rejected', 'fulfilled'])
  })

  it('has nobody wait for a store that is down, one after the other; who comes later tries again', async () => {
    const memory = new StreamMemory<number>()
    const { begun, work, end } = held()
    const done = Promise.allSettled(['a', 'b', 'c'].map((name) => memory.inTurn('queue-q', work(name))))
    await end('a', new FunnelError('UNAVAILABLE', 'down'))
    expect((await done).map((one) => one.status === 'rejected' && (one.reason as FunnelError).code)).toEqual(
      Array.from({ length: 3 }, () => 'UNAVAILABLE'),
    )
    expect(begun).toEqual(['a'])
    const later = memory.inTurn('queue-q', work('later'))
    await end('later')
    expect(await later).toBe('later')
  })
})
