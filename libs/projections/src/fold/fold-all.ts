import { setImmediate as turn } from 'node:timers/promises'
import type { Batch } from '@funnel/event-log'
import type { Applied, Folder } from './folder.js'

/**
 * Batches that are folded or being saved, at most: one is saved, one waits for that, so that the server need not wait where
 * the next takes long, and one is folded.
 */
const IN_WORK = 3

/**
 * Folds batch after batch, each while those before are being saved, and tells `saved` of each in their order. Ends when
 * there are no more and all are saved. Throws the first failure as soon as it is known, also while it waits for a batch;
 * then nothing of it runs any more.
 */
export async function foldAll(
  folder: Folder,
  batches: AsyncIterable<Batch>,
  saved: (applied: Applied, seconds: number) => unknown,
): Promise<void> {
  const iterator = batches[Symbol.asyncIterator]()
  let failure: { readonly error: unknown } | undefined
  let fail: (error: unknown) => void = () => undefined
  const working: Promise<unknown>[] = []
  const tell = async (applied: Applied, start: number) => {
    const seconds = (performance.now() - start) / 1000
    await turn() // the next batch is sent first: the server would wait for whatever is done here
    await saved(applied, seconds)
  }
  /** The next batch, or the first failure. Nobody waits on a promise that outlives the batch: it would hold that for ever. */
  const next = () =>
    new Promise<IteratorResult<Batch, unknown>>((resolve, reject) => {
      fail = reject
      if (failure) reject(failure.error)
      else iterator.next().then(resolve, reject)
    })
  try {
    for (;;) {
      const { done, value } = await next()
      if (done) break
      const start = performance.now()
      const work = folder.apply(value).then((applied) => tell(applied, start))
      work.catch((error: unknown) => {
        failure ??= { error }
        fail(error)
      })
      if (working.push(work) === IN_WORK) await working.shift()
    }
    await Promise.all(working)
  } finally {
    await Promise.allSettled(working)
  }
}
