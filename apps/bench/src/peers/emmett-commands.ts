import { loadAllDefinitions } from '@funnel/definitions'
import { dealDecider } from '@funnel/domain'
import { addressOf } from '@funnel/events'
import { life, LIVED } from '../deals.js'
import { concurrently, stopwatch } from '../harness.js'
import { emmett } from './emmett.js'

/**
 * Emmett in a process of its own, because it changes how the driver that we share reads numbers. Has `deals` of a round
 * lived in the database `url` by so many callers at once, and answers with what that came to; without a round, with the
 * lives that it has recorded.
 */
const [url, callers] = [process.argv[2]!, Number(process.argv[3])]
const peer = emmett(url, callers)
await peer.migrate()
const handle = peer.handler(dealDecider(loadAllDefinitions()))
const live = async (round: number, deals: number) => {
  const stop = stopwatch()
  await concurrently(deals, callers, async (i) => {
    const deal = `bench-${round}-${i}`
    const { stream } = addressOf('deal', deal)
    for (const command of life(deal)) await handle(stream, command)
  })
  return stop(deals * LIVED.length)
}
process.on('message', ({ round, deals }: { readonly round?: number; readonly deals: number }) => {
  void (async () => process.send!(round === undefined ? await peer.lives() : await live(round, deals)))()
})
