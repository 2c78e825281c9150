import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { record } from '@funnel/ledger/testing'
import { ClockState, type WatchClocksResponse } from '@funnel/query-api'
import { askedOf, type Asked } from '../testing/asked.js'
import { handoff, iso, response, start } from '../testing/promised.js'

const soon = response('soon')
const late = response('late')
const accept = handoff('late')
const before = [start(soon, 6), start(late, 3), start(accept, 4), late(3, 'breached', { due: iso(3) })]
/** One is kept, one goes from ann to eve, one is over late. */
const after = [
  soon(4, 'met', { by: 'e', at: iso(4), used: 1800 }),
  accept(4, 'changed', { state: 'running', due: iso(7), left: 60, owner: 'eve', because: ['e'] }),
  late(5, 'ended', { by: 'e', at: iso(5), used: 14_400, due: iso(3), how: 'stopped', lateness: 10_800 }),
]
const log = record([...before, ...after], [1])

describe('watched clocks', () => {
  let asked: Asked
  beforeEach(async () => {
    asked = await askedOf(log.slice(0, before.length))
  })
  afterEach(() => asked?.close())

  /** The answers of a watch until there are so many changes; `started` is done once all open ones have come. */
  async function watched(
    request: Parameters<Asked['client']['watchClocks']>[0],
    changes: number,
    started: () => Promise<void> = () => Promise.resolve(),
  ): Promise<WatchClocksResponse[]> {
    const answers: WatchClocksResponse[] = []
    let isStarted = false
    for await (const answer of asked.client.watchClocks({ minIntervalMs: 50, ...request }, { deadline: 20_000 })) {
      answers.push(answer)
      if (answer.resumeToken && !isStarted) {
        isStarted = true
        await started()
      }
      if (answer.resumeToken && answers.flatMap((one) => one.changes).length >= changes) break
    }
    return answers
  }
  const clocksIn = (answers: readonly WatchClocksResponse[]) =>
    answers.flatMap(({ clocks }) => clocks.map(({ clock }) => clock))
  const changesIn = (answers: readonly WatchClocksResponse[]) =>
    answers.flatMap(({ changes }) => changes.map(({ event, clock }) => `${event!.type} ${clock!.clock}`))
  const fold = () => asked.fold(log.slice(before.length))

  it('come as the open ones, then each change as the read models move on', async () => {
    const answers = await watched({}, 3, fold)
    expect(clocksIn(answers)).toEqual(['lead-response/late', 'handoff-acceptance/late', 'lead-response/soon'])
    expect(answers[0]!.basis).toMatchObject({ watermark: new Date(log[before.length - 1]!.recorded) })
    expect(changesIn(answers)).toEqual([
      'sla.met lead-response/soon',
      'sla.changed handoff-acceptance/late',
      'sla.ended lead-response/late',
    ])
    const [met, changed, ended] = answers.flatMap(({ changes }) => changes)
    expect(met!.clock).toMatchObject({ state: ClockState.CLOCK_STATE_MET, missed: false })
    expect(changed!.clock).toMatchObject({ owner: 'eve', dueAt: new Date(iso(7)) })
    expect(ended!.clock).toMatchObject({ state: ClockState.CLOCK_STATE_ENDED, missed: true })
    expect(answers.at(-1)!.basis).toMatchObject({ watermark: new Date(log.at(-1)!.recorded) })
  })

  it('come by policy, party, owner, team, lead and of those that were missed; who has one no more is told', async () => {
    const kinds = [
      [{ policies: ['lead-response'] }, ['sla.met lead-response/soon', 'sla.ended lead-response/late']],
      [{ parties: ['sales'], leads: ['soon'] }, ['sla.met lead-response/soon']],
      [{ owners: ['bob'] }, ['sla.changed handoff-acceptance/late']],
      [{ owners: ['eve'] }, ['sla.changed handoff-acceptance/late']],
      [{ teams: ['dach'] }, ['sla.met lead-response/soon', 'sla.ended lead-response/late']],
      [{ overdue: true }, ['sla.ended lead-response/late']],
    ] as const
    let ready = 0
    const told = kinds.map(([request, changes]) =>
      watched(request, changes.length, async () => {
        if (++ready === kinds.length) await fold()
      }),
    )
    expect((await Promise.all(told)).map(changesIn)).toEqual(kinds.map(([, changes]) => changes))
  })

  it('go on after the answer whose token is sent, with nothing left out and nothing twice', async () => {
    const [first] = await watched({}, 0)
    await fold()
    const resumed = await watched({ resumeToken: first!.resumeToken }, 3)
    expect(clocksIn(resumed)).toEqual([])
    expect(changesIn(resumed)).toHaveLength(3)
    const more = record([...before, ...after, start(response('new'), 9)], [1]).slice(log.length)
    await asked.fold(more)
    const rest = await watched({ resumeToken: resumed.at(-1)!.resumeToken }, 1)
    expect(changesIn(rest)).toEqual(['sla.started lead-response/new'])
  })

  it('come in pages, the open ones and the changes', async () => {
    const many = Array.from({ length: 620 }, (_, i) => response(`l${i}`))
    const starts = many.map((one) => start(one, 3))
    const breaches = many.map((one) => one(3, 'breached', { due: iso(3) }))
    const all = record([...starts, ...breaches], [1])
    await asked.close()
    asked = await askedOf(all.slice(0, many.length))
    const answers = await watched({}, many.length, () => asked.fold(all.slice(many.length)))
    expect(answers.map(({ clocks, changes }) => [clocks.length, changes.length])).toEqual([
      [500, 0],
      [120, 0],
      [0, 500],
      [0, 120],
    ])
    expect(new Set(clocksIn(answers)).size).toBe(many.length)
    expect(new Set(changesIn(answers)).size).toBe(many.length)
  })

  it('end at the deadline of the caller', async () => {
    const watching = asked.client.watchClocks({}, { deadline: 300 })
    const end = async () => {
      for await (const { clocks } of watching) expect(clocks).toHaveLength(3)
    }
    await expect(end()).rejects.toMatchObject({ code: 'DEADLINE' })
  })

  it('refuse a token of other filters, of nobody, or of another log', async () => {
    const [first] = await watched({}, 0)
    const { resumeToken } = first!
    const refused = { code: 'INVALID', details: { field: 'resume_token' } }
    await expect(watched({ resumeToken, owners: ['ann'] }, 1)).rejects.toMatchObject(refused)
    await expect(watched({ resumeToken: 'nonsense' }, 1)).rejects.toMatchObject(refused)
    await asked.close()
    asked = await askedOf(log, '00000000-0000-4000-8000-000000000001')
    await expect(watched({ resumeToken }, 1)).rejects.toMatchObject({ code: 'NOT_FOUND' })
  })
})
