import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, it } from '@jest/globals'
import type { Batch } from '@funnel/event-log'
import type { Generation } from '../generation/generation.js'
import { foldAll } from './fold-all.js'
import type { Folder } from './folder.js'

const generation = {} as Generation
const applied = { generation, events: 0, entries: [], parked: 0 }
const folder = (apply: Folder['apply']): Folder => ({ generation, apply })
const batch = (w: number): Batch => ({ events: [], positions: {}, w })
async function* batchesUpTo(last: number) {
  for (let w = 1; w <= last; w++) yield batch(w)
}

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

describe('foldAll', () => {
  it('once held every batch of the log for as long as it ran: it lets go of what was saved', async () => {
    const seen: WeakRef<Batch>[] = []
    let held: number | undefined
    async function* batches() {
      for (let w = 0; w < 100; w++) {
        const one = batch(w)
        seen.push(new WeakRef(one))
        yield one
        await turn()
      }
      collectGarbage()
      held = seen.filter((one) => one.deref()).length
    }
    await foldAll(
      folder(async () => applied),
      batches(),
      () => undefined,
    )
    expect(held).toBeLessThan(5)
  })

  it('tells of a failure while it waits for a batch that does not come', async () => {
    async function* batches() {
      yield batch(1)
      await new Promise(() => undefined)
    }
    const failing = folder(async () => {
      await turn()
      throw new Error('no space left')
    })
    await expect(foldAll(failing, batches(), () => undefined)).rejects.toThrow('no space left')
  })

  it('once kept the server waiting after each batch until it was told of: the next one is sent before', async () => {
    const order: string[] = []
    let saving: Promise<unknown> = Promise.resolve()
    const one = folder(({ w }) => {
      const saved = saving.then(async () => {
        order.push(`${w} is sent`)
        await turn()
        return applied
      })
      saving = saved
      return saved
    })
    await foldAll(one, batchesUpTo(3), () => order.push('told'))
    expect(order).toEqual(['1 is sent', '2 is sent', 'told', '3 is sent', 'told', 'told'])
  })

  it('has three batches in work at most', async () => {
    let most = 0
    let taken = 0
    let told = 0
    const one = folder(async () => {
      most = Math.max(most, ++taken - told)
      for (let turns = 0; turns < 5; turns++) await turn()
      return applied
    })
    await foldAll(one, batchesUpTo(8), () => told++)
    expect([most, told]).toEqual([3, 8])
  })

  it('has told of all that was saved once it tells of a failure', async () => {
    const told: number[] = []
    let failed = false
    const failing = folder(async ({ w }) => {
      if (w === 2) throw new Error('no space left')
      return applied
    })
    const folding = foldAll(failing, batchesUpTo(2), async () => {
      await turn()
      told.push(Number(failed))
    }).finally(() => (failed = true))
    await expect(folding).rejects.toThrow('no space left')
    await turn()
    await turn()
    expect(told).toEqual([0])
  })

  it('takes no batch after a failure, and tells of the first one', async () => {
    const taken: number[] = []
    const failing = folder(async ({ w }) => {
      taken.push(w)
      throw new Error(`batch ${w}`)
    })
    await expect(foldAll(failing, batchesUpTo(5), () => undefined)).rejects.toThrow('batch 1')
    await turn()
    expect(taken.length).toBeLessThan(3)
  })
})
