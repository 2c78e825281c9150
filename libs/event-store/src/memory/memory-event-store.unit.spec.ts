import { describe, expect, it } from '@jest/globals'
import { captured, eventStoreContract } from '../event-store.contract.js'
import { memoryEventStore } from './memory-event-store.js'

describe('the store in memory', () => {
  eventStoreContract(async () => {
    const store = memoryEventStore()
    return { store, tail: store.tail, rejected: async () => store.rejected, close: () => store.close() }
  })

  it('records nothing before what its partition holds, though the clock falls', async () => {
    let clock = 1000
    const store = memoryEventStore(() => (clock -= 100))
    for (let i = 0; i < 3; i++) await store.append({ events: [captured('a'), captured('b')] })
    for (const stream of ['lead-a', 'lead-b'])
      expect((await store.read(stream)).map(({ recorded }) => recorded)).toEqual([900, 900, 900])
  })
})
