import { setImmediate } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { loadAllDefinitions, type Funnel, type Taxonomy } from '@funnel/definitions'
import { definitionDecider } from '@funnel/domain'
import { handle, openEventStore } from '@funnel/event-store'
import { running, type Running } from '../testing/ingest.js'
import type { CommandAnswer } from './door.js'

let ingest: Running
beforeAll(async () => {
  ingest = await running()
})
afterAll(() => ingest.close())

const captured = (lead: string) => ingest.send({ type: 'lead.captured', id: `captured-${lead}`, data: { lead } })
const give = async (command: object) => {
  const response = await ingest.command(command)
  return { status: response.status, answer: (await response.json()) as CommandAnswer & Record<string, unknown> }
}
const approved = { marketing: 'mia', sales: 'sam' }
const inDays = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString()

describe('The deciders of the platform behind POST /v1/commands', () => {
  it('row 2: a lead goes forward; back it goes by an explicit recycle with a reason only', async () => {
    await captured('back')
    expect(await give({ type: 'lead.advance', lead: 'back', stage: 'sql' })).toMatchObject({ status: 200 })
    expect(await give({ type: 'lead.advance', lead: 'back', stage: 'mql' })).toMatchObject({
      status: 422,
      answer: { code: 'REJECTED' },
    })
    expect(await give({ type: 'lead.recycle', lead: 'back', stage: 'mql' })).toMatchObject({
      status: 400,
      answer: { code: 'INVALID', field: 'reason' },
    })
    expect(await give({ type: 'lead.recycle', lead: 'back', stage: 'mql', reason: 'not-now' })).toMatchObject({
      status: 200,
      answer: { events: [{ type: 'lead.recycled' }] },
    })
  })

  it('row 6: giving up needs a reason of the taxonomy, and “other” needs a note', async () => {
    await captured('lost')
    const lose = (more: object) => give({ type: 'lead.disqualify', lead: 'lost', ...more })
    expect(await lose({})).toMatchObject({ status: 400, answer: { field: 'reason' } })
    expect(await lose({ reason: 'because' })).toMatchObject({ status: 400, answer: { field: 'reason' } })
    expect(await lose({ reason: 'other' })).toMatchObject({ status: 400, answer: { field: 'note' } })
    expect((await ingest.pool.query('select from vault.note')).rows).toEqual([])
    expect(await lose({ reason: 'other', note: 'Moved to the moon.' })).toMatchObject({ status: 200 })
    const { rows } = await ingest.pool.query('select stream, body from vault.note')
    expect(rows).toEqual([{ stream: 'lead-lost', body: 'Moved to the moon.' }])
  })

  it('row 8: decides by what both teams agreed on at that time, as it is applied while it runs', async () => {
    await captured('ghost')
    await captured('trial')
    const store = await openEventStore({ url: ingest.database, connections: 1 })
    const apply = async (definition: string, content: Funnel | Taxonomy, effective?: number) => {
      const command = { type: 'definition.apply', definition, version: content.version, approved, content } as const
      const { events } = await handle(store, {
        decider: definitionDecider,
        command: effective === undefined ? command : { ...command, effective },
        streams: [`definition-${definition}`],
        source: '/definitions',
        key: definition,
      })
      // a version counts from the millisecond after it was recorded
      while (Date.now() <= events[0]!.recorded) await setImmediate()
    }
    const lose = () => give({ type: 'lead.disqualify', lead: 'ghost', reason: 'ghosted' })
    const move = () => give({ type: 'lead.advance', lead: 'trial', stage: 'trial' })
    const { funnel, reasons } = loadAllDefinitions()
    const taxonomy = reasons.find(({ id }) => id === 'disqualified')!
    const more = { ...taxonomy, version: taxonomy.version + 1 }
    expect(await lose()).toMatchObject({ status: 400, answer: { field: 'reason' } })
    expect(await move()).toMatchObject({ status: 400, answer: { field: 'stage' } })
    await apply('reasons/disqualified', {
      ...more,
      reasons: [...taxonomy.reasons, { id: 'ghosted', name: 'Does not answer' }],
    })
    expect(await lose()).toMatchObject({ status: 200 })
    const stages = [...funnel.stages.slice(0, 1), { ...funnel.stages[1]!, id: 'trial' }, ...funnel.stages.slice(1)]
    await apply('funnel/funnel', { ...funnel, version: funnel.version + 1, stages }, Date.now() + 86_400_000)
    expect(await move()).toMatchObject({ status: 400, answer: { field: 'stage' } })
    await store.close()
  })

  it('row 9: of two who accept one offer one wins, and the other is told who', async () => {
    await captured('offered')
    const about = { lead: 'offered', handoff: 'h-1' }
    await give({ type: 'handoff.offer', ...about, queue: 'commercial', deadline: inDays(1) })
    const answers = await Promise.all(['ann', 'bob'].map((owner) => give({ type: 'handoff.accept', ...about, owner })))
    const [winner] = answers.filter(({ status }) => status === 200)
    const [loser] = answers.filter(({ status }) => status !== 200)
    expect(winner!.answer.events[0]).toMatchObject({ type: 'handoff.accepted', stream: 'lead-offered' })
    const owner = answers[0] === winner ? 'ann' : 'bob'
    expect(loser).toMatchObject({
      status: 422,
      answer: { code: 'REJECTED', details: { reason: 'ALREADY_ACCEPTED', owner } },
    })
    expect((await give({ type: 'handoff.expire', ...about })).status).toBe(422)
  })

  it('deals, queues, persons and visitors are decided on, too', async () => {
    const members = [
      { member: 'ann', weight: 2 },
      { member: 'bob', weight: 1, capacity: 3 },
    ]
    const types = []
    for (const command of [
      { type: 'deal.open', deal: 'd', amount: { minor: 100, currency: 'EUR' }, properties: { plan: 'pro' } },
      { type: 'deal.expect-close', deal: 'd', day: '2026-03-31' },
      { type: 'deal.lose', deal: 'd', reason: 'price' },
      { type: 'queue.staff', queue: 'q', members },
      { type: 'queue.assign', queue: 'q', lead: 'offered' },
      { type: 'person.merge', person: 'p', absorbed: 'r' },
      { type: 'person.unmerge', person: 'p', absorbed: 'r' },
    ]) {
      const { status, answer } = await give(command)
      expect([command.type, status, answer.detail]).toEqual([command.type, 200, undefined])
      types.push(...answer.events.map(({ type }) => type))
    }
    expect(types).toEqual([
      'deal.opened',
      'deal.close-expected',
      'deal.lost',
      'queue.staffed',
      'queue.assigned',
      'person.merged',
      'person.absorbed',
      'person.unmerged',
      'person.released',
    ])
    await ingest.send({ type: 'visitor.identified', data: { visitor: 'v', person: 'p' } })
    expect(await give({ type: 'visitor.unlink', visitor: 'v', person: 'p' })).toMatchObject({ status: 200 })
  })
})
