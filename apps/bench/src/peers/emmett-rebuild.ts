import { syntheticLog } from '@funnel/testing'
import { stopwatch } from '../harness.js'
import { emmett } from './emmett.js'

/**
 * Emmett in a process of its own, because it changes how the driver that we share reads numbers. Records `count` events
 * in the database `url`, then rebuilds at every message and answers with what that came to. Ends if it counts wrong.
 */
const [url, count] = [process.argv[2]!, Number(process.argv[3])]
const peer = emmett(url)
await peer.migrate()
const log = [...syntheticLog(count, { seed: 6 })]
for (let at = 0; at < count; at += 500) await peer.appendAll('bench', log.slice(at, at + 500))
process.on('message', () => {
  void (async () => {
    const stop = stopwatch()
    await peer.rebuild()
    const done = stop(count)
    const counted = await peer.counted()
    if (counted !== count) throw new Error(`Emmett counts ${counted} of ${count} events`)
    process.send!(done)
  })()
})
