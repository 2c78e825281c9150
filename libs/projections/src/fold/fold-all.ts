import type { Batch } from '@funnel/event-log'
import type { Applied, Folder } from './folder.js'

/**
 * Folds batch after batch, each while the one before is being saved, and tells `saved` of each in their order. Ends when
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
  let saving: Promise<unknown> = Promise.resolve()
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
      const before = saving
      saving = folder.apply(value).then((applied) => saved(applied, (performance.now() - start) / 1000))
      saving.catch((error: unknown) => {
        failure ??= { error }
        fail(error)
      })
      await before
    }
    await saving
  } finally {
    await saving.catch(() => undefined)
  }
}
