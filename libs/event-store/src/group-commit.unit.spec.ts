import { describe, expect, it } from '@jest/globals'
import { captured } from './event-store.contract.js'
import { groupCommit } from './group-commit.js'
import { watched } from './testing/watched-store.js'

describe('a group commit', () => {
  it('records what many callers send at once in one transaction, and answers each its own', async () => {
    const under = watched()
    const group = groupCommit(under.store)
    const events = Array.from({ length: 50 }, (_, i) => captured(`lead-${i % 7}`))
    const answers = await Promise.all(events.map((event) => group.append([event])))
    expect(under.calls).toHaveLength(1)
    expect(answers.map(([answer]) => answer!.record.event)).toEqual(events)
    expect(answers.flat().every(({ outcome }) => outcome === 'recorded')).toBe(true)
    expect(group.pending).toBe(0)
  })

  it('puts what comes while all writers are busy into full groups', async () => {
    const under = watched()
    under.hold()
    const group = groupCommit(under.store, { writers: 1, groupSize: 10 })
    const first = group.append([captured('first')])
    await new Promise(setImmediate)
    const rest = Array.from({ length: 25 }, () => group.append([captured('rest')]))
    await new Promise(setImmediate)
    expect(under.calls).toHaveLength(1)
    under.release()
    await Promise.all([first, ...rest])
    expect(under.calls.map((appends) => appends.length)).toEqual([1, 10, 10, 5])
  })

  it('records many that come at once in halves, of which the second is put together meanwhile', async () => {
    const under = watched()
    under.hold()
    const group = groupCommit(under.store)
    const answers = Array.from({ length: 600 }, (_, i) => group.append([captured(`lead-${i}`)]))
    for (let turn = 0; turn < 4; turn++) await new Promise(setImmediate)
    // nobody has been answered yet, and nobody else has come
    expect(under.calls.map((appends) => appends.length)).toEqual([300, 150, 128])
    under.release()
    expect((await Promise.all(answers)).flat().every(({ outcome }) => outcome === 'recorded')).toBe(true)
    expect(await under.recorded()).toBe(600)
  })

  it('fails the caller whose event cannot be recorded, and nobody else', async () => {
    const under = watched()
    const group = groupCommit(under.store)
    const events = Array.from({ length: 64 }, (_, i) => captured(`lead-${i}`, i === 41 ? { source: 'poison' } : {}))
    const answers = await Promise.allSettled(events.map((event) => group.append([event])))
    expect(answers.map(({ status }) => status === 'rejected')).toEqual(events.map((_, i) => i === 41))
    expect(answers[41]).toMatchObject({ reason: { code: 'INVALID' } })
    expect(await under.recorded()).toBe(63)
    // found by halving: 1 call that fails, then two for each of the six halvings
    expect(under.calls).toHaveLength(13)
  })

  it('does not hammer a store that is down: the whole group hears of it', async () => {
    const under = watched()
    under.fail()
    const group = groupCommit(under.store)
    const answers = await Promise.allSettled(Array.from({ length: 20 }, () => group.append([captured('a')])))
    expect(answers.every((answer) => answer.status === 'rejected')).toBe(true)
    expect(under.calls).toHaveLength(1)
    expect(group.pending).toBe(0)
  })

  it('does not let those who have waited for long wait for a store that is down once more', async () => {
    const under = watched()
    under.hold()
    const group = groupCommit(under.store, { writers: 1, groupSize: 1, patience: -1 })
    const answers = Array.from({ length: 20 }, () => group.append([captured('a')]))
    await new Promise(setImmediate)
    under.fail()
    under.release()
    expect((await Promise.allSettled(answers)).every(({ status }) => status === 'rejected')).toBe(true)
    expect(under.calls).toHaveLength(1)
    expect(group.pending).toBe(0)
    await group.close()
  })

  it('refuses when too many events wait, and takes more when there is room again', async () => {
    const under = watched()
    under.hold()
    const group = groupCommit(under.store, { writers: 1, limit: 5 })
    const kept = [group.append([captured('a'), captured('b')])]
    kept.push(group.append([captured('d'), captured('e')]))
    await expect(group.append([captured('f'), captured('g')])).rejects.toMatchObject({
      code: 'OVERLOADED',
      details: { retryAfter: 1 },
    })
    under.release()
    await Promise.all(kept)
    await group.append([captured('c')])
    expect(await under.recorded()).toBe(5)
  })

  it('takes a request larger than the limit when nothing else waits', async () => {
    const under = watched()
    const group = groupCommit(under.store, { limit: 2 })
    expect(await group.append([captured('a'), captured('b'), captured('c')])).toHaveLength(3)
  })

  it('waits on close for what is under way', async () => {
    const under = watched()
    under.hold()
    const group = groupCommit(under.store)
    const append = group.append([captured('a')])
    let closed = false
    const closing = group.close().then(() => (closed = true))
    await new Promise(setImmediate)
    expect(closed).toBe(false)
    under.release()
    await Promise.all([append, closing])
    expect(await under.recorded()).toBe(1)
  })
})
