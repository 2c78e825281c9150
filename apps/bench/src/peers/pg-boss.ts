import { PgBoss } from 'pg-boss'

const QUEUE = 'clocks'

/** pg-boss as its documentation has it for many jobs: bulk inserts, batches that are fetched and completed. */
export async function pgBoss(url: string, batch: number) {
  const boss = new PgBoss({ connectionString: url, max: 8, supervise: false, schedule: false })
  boss.on('error', () => undefined)
  await boss.start()
  await boss.createQueue(QUEUE)
  return {
    /** Jobs that are due at an instant. */
    async arm(count: number, due: Date) {
      for (let at = 0; at < count; at += batch)
        await boss.insert(
          QUEUE,
          Array.from({ length: Math.min(batch, count - at) }, (_, i) => ({
            data: { lead: `lead-${at + i}` },
            startAfter: due,
          })),
        )
    },
    /** Works off what is due; gives how many. */
    async fire() {
      let fired = 0
      for (;;) {
        const jobs = await boss.fetch(QUEUE, { batchSize: batch })
        if (!jobs.length) return fired
        await boss.complete(
          QUEUE,
          jobs.map(({ id }) => id),
        )
        fired += jobs.length
      }
    },
    close: () => boss.stop({ graceful: false }),
  }
}
