import { Logger, makeWorkerUtils, run } from 'graphile-worker'

const quiet = new Logger(() => () => undefined)
const TASK = 'clock'

/** graphile-worker in batches, as its documentation has it for throughput: a local queue, completions gathered. */
export async function graphileWorker(url: string, batch: number) {
  const utils = await makeWorkerUtils({ connectionString: url, logger: quiet })
  await utils.migrate()
  return {
    /** Jobs that are due at an instant. */
    async arm(count: number, due: Date) {
      for (let at = 0; at < count; at += batch)
        await utils.addJobs(
          Array.from({ length: Math.min(batch, count - at) }, (_, i) => ({
            identifier: TASK,
            payload: { lead: `lead-${at + i}` },
            runAt: due,
          })),
        )
    },
    /** Works off so many that are due, and waits until they are completed. */
    async fire(count: number) {
      const all = Promise.withResolvers<undefined>()
      let fired = 0
      const runner = await run({
        connectionString: url,
        logger: quiet,
        noHandleSignals: true,
        taskList: {
          [TASK]: () => {
            if (++fired === count) all.resolve(undefined)
          },
        },
        preset: {
          worker: { concurrentJobs: 64, maxPoolSize: 8, localQueue: { size: batch }, completeJobBatchDelay: 0 },
        },
      })
      await all.promise
      await runner.stop()
      return fired
    },
    close: () => utils.release(),
  }
}
