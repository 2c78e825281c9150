import { describe, expect, it } from '@jest/globals'
import { answer, definition, rulesWith, World } from './testing/world.js'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
/** A Monday. */
const NOON = Date.UTC(2026, 6, 13, 12)

const rules = rulesWith(
  answer({
    terms: [
      {
        target: '1h',
        warnings: [{ before: '10m' }],
        escalations: [
          { after: '0s', reassign: 'mona', pause: true },
          { after: '1h', notify: ['head-of-sales'] },
        ],
      },
    ],
  }),
  answer({ ...definition('chain'), recurs: 'chained' }),
)

/** A company in which all happened as here, at the same times, but that nothing was said of promises. */
async function unwatched(here: World): Promise<World> {
  const there = new World(NOON, rules)
  const { positions } = await here.store.tail.heads()
  for (const { event, recorded } of await here.store.tail.read({}, positions, 1000)) {
    if (event.type.startsWith('sla.')) continue
    there.now = recorded
    await there.store.append({ events: [event] })
  }
  there.now = here.now
  return there
}

/** What was said of the lead, but for when: ids, causes and verdicts. */
const said = async (world: World) => (await world.said('l')).map((event) => ({ ...event, time: 'any' }))

describe('a monitor that reads a log of which nothing was said yet', () => {
  it('says what one said that was there all the time, word for word', async () => {
    const here = new World(NOON, rules)
    await here.tell('queue.staffed', { queue: 'inbound', members: rules.queues[0]!.members })
    await here.tell('lead.captured', { lead: 'l', owner: 'sam' })
    for (const [kind, ms] of [
      ['message', 40 * MINUTE],
      ['call', 40 * MINUTE],
      ['message', 40 * MINUTE],
      ['waiting', 3 * HOUR],
      ['reply', 24 * HOUR],
    ] as const) {
      await here.tell('lead.engaged', { lead: 'l', kind })
      for (const end = here.now + ms; here.now < end;) await here.wait(10 * MINUTE)
    }
    const before = await said(here)
    const told = ['started', 'warned', 'breached', 'escalated', 'changed', 'met', 'ended'].map((type) => `sla.${type}`)
    expect(before.map(({ type }) => type)).toEqual(expect.arrayContaining(told))
    const there = await unwatched(here)
    await there.look()
    expect(await said(there)).toEqual(before)
  })
})
