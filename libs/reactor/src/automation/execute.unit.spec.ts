import { beforeEach, describe, expect, it } from '@jest/globals'
import { always, defaultDefinitions, loadAllDefinitions, type Queue } from '@funnel/definitions'
import { queueDecider, queueStreams } from '@funnel/domain'
import { handle, memoryEventStore, type MemoryEventStore } from '@funnel/event-store'
import { definition } from '../sla/testing/world.js'
import { executor } from './execute.js'

const { funnel, reasons } = loadAllDefinitions([defaultDefinitions])

describe('the members of queues, as the files of a process name them', () => {
  let now: number
  let store: MemoryEventStore
  beforeEach(() => {
    now = Date.UTC(2026, 0, 5, 12)
    store = memoryEventStore(() => now)
  })

  /** A process that starts and finds these members in its files. */
  const starts = (...members: string[]): Promise<void> => {
    now += 1000
    const queue: Queue = { ...definition('inbound'), members: members.map((member) => ({ member, weight: 1 })) }
    return executor(store, always({ funnel, reasons, queues: [queue] }), () => now).staff()
  }
  /** The members that the queue was told of, one after the other. */
  const told = async () =>
    (await store.read('queue-inbound')).map(({ event: { data } }) =>
      (data as { members: { member: string }[] }).members.map(({ member }) => member).join(),
    )

  it('are told once, however often it starts', async () => {
    for (const _ of [1, 2, 3]) await starts('ann', 'bob')
    expect(await told()).toEqual(['ann,bob'])
  })

  it('are told anew where a change is taken back, time and again', async () => {
    for (const _ of [1, 2])
      for (const members of [['ann'], ['bob']]) {
        await starts(...members)
        await starts(...members)
      }
    expect(await told()).toEqual(['ann', 'bob', 'ann', 'bob'])
  })

  it('are told once by two processes that start at once, also where a change is taken back', async () => {
    for (const member of ['ann', 'bob', 'ann']) await Promise.all([starts(member), starts(member)])
    expect(await told()).toEqual(['ann', 'bob', 'ann'])
  })

  it('are not told again where somebody named others since then', async () => {
    await starts('ann')
    await starts('bob')
    await starts('ann')
    const command = { type: 'queue.staff', queue: 'inbound', members: [{ member: 'cid', weight: 1 }] } as const
    await handle(store, {
      decider: queueDecider,
      command,
      streams: queueStreams(command),
      source: '/crm',
      key: 'k',
      now,
    })
    await starts('ann')
    expect(await told()).toEqual(['ann', 'bob', 'ann', 'cid'])
    await starts('bob')
    expect(await told()).toEqual(['ann', 'bob', 'ann', 'cid', 'bob'])
  })
})
