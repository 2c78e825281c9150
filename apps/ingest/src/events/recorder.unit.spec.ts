import { describe, expect, it } from '@jest/globals'
import { FunnelError } from '@funnel/events'
import { groupCommit, memoryEventStore, type EventStore } from '@funnel/event-store'
import { createScanner } from '../json/scanner.js'
import { limits } from '../limits.js'
import { createRecorder } from './recorder.js'

const defaults = { source: '/site', receivedAt: Date.UTC(2026, 0, 1) }
const vault = { introduce: async () => [] }
const touch = (id: string, visitor = 'v-1') => ({ id, type: 'touchpoint.recorded', data: { visitor, kind: 'page' } })

function recorder(store: EventStore = memoryEventStore()) {
  const recorder = createRecorder(createScanner(limits), groupCommit(store), store, vault)
  return (events: unknown) => recorder.record(Buffer.from(JSON.stringify(events)), 'batch', defaults)
}

describe('A request', () => {
  it('with good and bad events records the good ones, keeps the bad ones, and tells each its verdict in order', async () => {
    const store = memoryEventStore()
    const answer = await recorder(store)([touch('a'), { type: 'nothing' }, touch('b'), touch('a'), touch('b', 'v-2')])
    expect(answer).toMatchObject({ accepted: 2, duplicates: 1, conflicts: 1, rejected: 1 })
    expect(answer.events.map(({ index, outcome, code }) => [index, outcome, code])).toEqual([
      [0, 'accepted', undefined],
      [1, 'rejected', 'INVALID'],
      [2, 'accepted', undefined],
      [3, 'duplicate', undefined],
      [4, 'conflict', 'CONFLICT'],
    ])
    expect(store.rejected.map(({ code, body }) => [code, body.includes('nothing')])).toContainEqual(['INVALID', true])
  })

  it('says which events got a new id and so cannot be resent', async () => {
    const { events } = await recorder()([
      { type: 'touchpoint.recorded', data: { visitor: 'v', kind: 'page' } },
      touch('a'),
    ])
    expect(events.map(({ minted }) => minted)).toEqual([true, undefined])
  })

  it('fails as a whole when the store fails, whichever half of it, so that it is sent again', async () => {
    const down = () => Promise.reject(new FunnelError('UNAVAILABLE', 'the event store did not answer'))
    const store = memoryEventStore()
    await expect(recorder({ ...store, append: down })([touch('a')])).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    const evidenceDown = recorder({ ...store, append: store.append.bind(store), reject: down })
    await expect(evidenceDown([touch('a'), {}])).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    expect(await recorder(store)([touch('a')])).toMatchObject({ duplicates: 1 })
  })

  it.each(['OVERLOADED', 'UNAVAILABLE'] as const)(
    'that is refused with %s leaves no evidence, however often it comes',
    async (code) => {
      const store = memoryEventStore()
      const append = () => Promise.reject(new FunnelError(code, 'come back later'))
      for (let tries = 0; tries < 3; tries++)
        await expect(recorder({ ...store, append })([touch('a'), {}])).rejects.toMatchObject({ code })
      expect(store.rejected).toEqual([])
      await recorder(store)([touch('a'), {}])
      expect(store.rejected).toHaveLength(1)
    },
  )

  it('without events is answered without asking the store', async () => {
    const none = () => Promise.reject(new Error('asked'))
    expect(await recorder({ ...memoryEventStore(), append: none, reject: none })([])).toMatchObject({ events: [] })
  })
})
