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

  it('takes no batch after a failure, and tells of the first one', async () => {
    const taken: number[] = []
    async function* batches() {
      for (let w = 1; w <= 5; w++) yield batch(w)
    }
    const failing = folder(async ({ w }) => {
      taken.push(w)
      throw new Error(`batch ${w}`)
    })
    await expect(foldAll(failing, batches(), () => undefined)).rejects.toThrow('batch 1')
    await turn()
    expect(taken.length).toBeLessThan(3)
  })
})
