import { describe } from '@jest/globals'
import { eventStoreContract } from '../event-store.contract.js'
import { memoryEventStore } from './memory-event-store.js'

describe('the store in memory', () => {
  eventStoreContract(async () => {
    const store = memoryEventStore()
    return { store, tail: store.tail, rejected: async () => store.rejected, close: () => store.close() }
  })
})
