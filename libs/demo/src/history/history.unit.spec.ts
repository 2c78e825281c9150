import { beforeAll, describe, expect, it } from '@jest/globals'
import {
  defaultDefinitions,
  isPeriodic,
  loadAllDefinitions,
  type AllDefinitions,
  type Draft,
  type SlaPolicy,
} from '@funnel/definitions'
import { totalOrder, typeOf, upcastRecord, type FunnelEvent, type Recorded } from '@funnel/events'
import { whatIf, whatIfRouting } from '@funnel/reactor'
import { DAY, HOUR, isFriday } from '../company/calendar.js'
import { nextAt, setPace } from '../company/company.js'
import { step } from '../company/step.js'
import { demoDefinitions } from '../definitions.js'
import { playHistory, type History, type HistoryOptions } from './history.js'

const definitions = loadAllDefinitions([defaultDefinitions, demoDefinitions])
const MONDAY = Date.UTC(2026, 8, 7)
const play = (days: number, more: Partial<HistoryOptions> = {}): Promise<History> =>
  playHistory({ name: 'a', seed: 1, at: MONDAY, until: MONDAY + days * DAY, definitions, ...more })

/** What would be agreed with drafts. */
function withDrafts(base: AllDefinitions, drafts: readonly Draft[]): AllDefinitions {
  const drafted = <K extends Draft['kind']>(
    kind: K,
    all: readonly Extract<Draft, { readonly kind: K }>['value'][],
  ): never => {
    const values = drafts.flatMap((draft) => (draft.kind === kind ? [draft.value] : []))
    return all.map((one) => values.find(({ id }) => id === one.id) ?? one) as never
  }
  return {
    ...base,
    policies: drafted('sla', base.policies),
    calendars: drafted('calendar', base.calendars),
    routings: drafted('routing', base.routings),
    queues: drafted('queue', base.queues),
  }
}

type Of<Type extends FunnelEvent['type']> = Extract<FunnelEvent, { readonly type: Type }>

describe('a history of 90 days', () => {
  let history: History
  let events: readonly FunnelEvent[]
  const of = <Type extends FunnelEvent['type']>(type: Type) =>
    events.filter((event): event is Of<Type> => event.type === type)
  const count = (type: FunnelEvent['type']) => of(type).length
  beforeAll(async () => {
    history = await play(90)
    events = history.records.map((record) => upcastRecord(record).event)
  }, 180_000) // half a minute of one core

  it('is recorded over 90 days, in the total order, without a gap', () => {
    const { records } = history
    expect(records.length).toBeGreaterThan(15_000)
    expect(records).toEqual(records.toSorted(totalOrder))
    expect(new Set(records.map(({ recorded }) => Math.floor((recorded - MONDAY) / DAY))).size).toBe(90)
    const partitions = Map.groupBy(records, ({ topic, partition }) => `${topic}/${partition}`)
    for (const held of partitions.values())
      expect(held.map(({ position }) => position)).toEqual(held.map((_, i) => i + 1))
    // what was told late: scanned badges, meetings that were entered on the next day
    const late = records.filter(({ recorded, event }) => recorded - Date.parse(event.time) > HOUR)
    expect(late.length).toBeGreaterThan(100)
    expect(late.length).toBeLessThan(records.length / 20)
  })

  it('has a believable funnel: fewer at each step, and of the closed deals between 15 and 60 % won', () => {
    const first = (stage: string) =>
      new Set(
        events.flatMap(({ type, data }) =>
          typeOf(type)!.category === 'lead' && (data as { stage?: string }).stage === stage
            ? [(data as { lead: string }).lead]
            : [],
        ),
      ).size
    const visitors = new Set(of('touchpoint.recorded').map(({ data }) => data.visitor)).size
    const steps = [
      count('touchpoint.recorded'),
      visitors,
      count('lead.captured'),
      ...['mql', 'sal', 'sql', 'opportunity', 'customer'].map(first),
    ]
    for (const [i, number] of steps.slice(1).entries()) expect(number).toBeLessThan(0.95 * steps[i]!)
    expect(steps.at(-1)).toBeGreaterThan(20)
    const won = count('deal.won') / (count('deal.won') + count('deal.lost'))
    expect(won).toBeGreaterThan(0.15)
    expect(won).toBeLessThan(0.6)
  })

  it('keeps promises of both teams, and breaks others: late ones and some for good', () => {
    for (const party of ['marketing', 'sales']) {
      const said = (type: FunnelEvent['type']) =>
        events.filter((event) => event.type === type && (event.data as { party?: string }).party === party).length
      expect(said('sla.started')).toBeGreaterThan(100)
      for (const type of ['sla.met', 'sla.breached', 'sla.ended', 'sla.escalated'] as const)
        expect([party, type, said(type) > 10]).toEqual([party, type, true])
    }
    const clocks = of('sla.breached').map(({ data }) => data.clock)
    expect(new Set(clocks).size).toBe(clocks.length)
  })

  async function* pages(size: number) {
    for (let at = 0; at < history.records.length; at += size) yield history.records.slice(at, at + size)
  }
  const replayed = (drafts: readonly Draft[], page = 5000) => ({
    pages: pages(page),
    w: history.records.at(-1)!.recorded,
    definitions,
    drafts,
    drafted: withDrafts(definitions, drafts),
  })

  it.each(['lead-response', 'insight-report'])(
    'row N3: replayed under the policy %s that was in force, misses exactly what was told; under a more patient one, less',
    async (id) => {
      const policy = definitions.policies.find((one) => one.id === id)!
      const same = await whatIf(replayed([{ kind: 'sla', value: policy }]))
      expect(same).toMatchObject({ gained: [], lost: [], unlike: [] })
      expect(same.told.missed.length).toBeGreaterThan(0)
      const value: SlaPolicy = isPeriodic(policy)
        ? { ...policy, promise: { count: { event: ['handoff.accepted'] }, at_least: 1 } }
        : { ...policy, terms: policy.terms.map((terms) => ({ ...terms, target: '400h', warnings: [] })) }
      const other = await whatIf(replayed([{ kind: 'sla', value }]))
      expect(other).toMatchObject({ gained: [], told: same.told, agreed: same.agreed, unlike: [] })
      expect(other.lost.length).toBe(same.told.missed.length - other.draft.missed.length)
      expect(other.lost.length).toBeGreaterThan(0)
    },
  )

  it('row N3: replayed under the calendar that was in force, misses exactly what was told; where nobody works in autumn, less', async () => {
    const calendar = definitions.calendars.find(({ id }) => id === 'new-york')!
    const same = await whatIf(replayed([{ kind: 'calendar', value: calendar }]))
    expect(same).toMatchObject({ gained: [], lost: [], unlike: [] })
    expect(same.told.missed.length).toBeGreaterThan(100)
    const exceptions = [{ from: '2026-09-01', to: '2026-12-31', working: false }] as const
    const other = await whatIf(replayed([{ kind: 'calendar', value: { ...calendar, exceptions } }]))
    expect(other).toMatchObject({ told: same.told, agreed: same.agreed, unlike: [] })
    expect(other.lost.length).toBeGreaterThan(10)
    // those of Berlin have the same hours, and so have promises that no calendar counts for
    const berliners = new Set(['okoye', 'brandt', 'novak', 'mara', 'idris', 'linnea'])
    expect(other.lost.filter(({ owner }) => berliners.has(owner!))).toEqual([])
  })

  it('row N15: the same arrivals under the routing that was in force are offered to the very same people, who miss the very same promises', async () => {
    const [routing] = definitions.routings
    const drafts: Draft[] = [
      { kind: 'routing', value: routing! },
      ...definitions.queues.map((value) => ({ kind: 'queue', value }) as const),
    ]
    for (const from of [undefined, MONDAY + 45 * DAY]) {
      const same = await whatIfRouting({ ...replayed(drafts, from === undefined ? 5000 : 333), from })
      expect(same).toMatchObject({ moved: [], astray: [], gained: [], lost: [], unlike: [] })
      expect(same.offered).toBeGreaterThan(from === undefined ? 300 : 100)
      for (const { offered, missed } of same.loads) {
        expect(offered.draft).toBe(offered.live)
        expect(missed.draft).toBe(missed.live)
      }
    }
  }, 120_000)

  it('row N15: under a rule that gives all leads to one queue, its members have them in turn and miss what was missed, by their own calendars', async () => {
    const [routing] = definitions.routings
    const value = { ...routing!, rules: [{ queue: 'enterprise', deadline: '1d', fallback: 'okoye' }] }
    const open = definitions.queues.map((queue) => ({
      kind: 'queue' as const,
      value: { ...queue, members: queue.members.map(({ member, weight }) => ({ member, weight })) },
    }))
    const found = await whatIfRouting(replayed([{ kind: 'routing', value }, ...open]))
    expect(found).toMatchObject({ astray: [], unlike: [] })
    const load = (owner: string) => found.loads.find((one) => one.owner === owner)!
    for (const { owner, offered } of found.loads)
      expect([owner, offered.draft > 0]).toEqual([owner, owner === 'okoye' || owner === 'brandt'])
    expect(load('okoye').offered.draft + load('brandt').offered.draft).toBe(found.offered)
    expect(load('brandt').offered.draft).toBeGreaterThan(1.5 * load('okoye').offered.draft)
    expect(load('tanaka').offered.live).toBeGreaterThan(50)
    expect(load('tanaka').missed.draft).toBeLessThan(load('tanaka').missed.live)
    expect(load('brandt').missed.draft).toBeGreaterThan(load('brandt').missed.live)
    expect(found.gained.length).toBeGreaterThan(0)
    expect(found.lost.length).toBeGreaterThan(0)
  })

  it('comes to all outcomes of a handoff, and everything else that can be decided about leads and deals', () => {
    for (const outcome of ['accepted', 'rejected', 'expired'] as const)
      expect(count(`handoff.${outcome}`)).toBeGreaterThan(0.1 * count('handoff.offered'))
    for (const type of [
      'handoff.feedback-raised',
      'lead.recycled',
      'lead.disqualified',
      'lead.converted',
      'queue.member-left',
      'queue.member-returned',
      'queue.credited',
      'deal.amount-changed',
      'deal.stage-entered',
      'deal.close-expected',
      'deal.contact-added',
      'deal.reopened',
      'account.recorded',
      'person.account-matched',
      'lead.enriched',
      'lead.engaged',
      'person.consent-recorded',
    ] as const)
      expect({ type, enough: count(type) > 1 }).toEqual({ type, enough: true })
  })

  it('asks for hardly anything that is refused', () => {
    const asked = events.filter(({ requesthash, source }) => requesthash !== undefined && source === 'demo')
    expect(asked.length).toBeGreaterThan(1000)
    expect(history.refused.length).toBeLessThan(0.01 * asked.length)
  })

  it('gives every reason of the taxonomies that needs no note, and no other', () => {
    for (const [type, of] of [
      ['handoff.rejected', 'rejected'],
      ['lead.disqualified', 'disqualified'],
      ['lead.recycled', 'recycled'],
      ['deal.lost', 'lost'],
    ] as const) {
      const { reasons } = definitions.reasons.find(({ id }) => id === of)!
      const given = new Set(
        events.filter((event) => event.type === type).map(({ data }) => (data as { reason: string }).reason),
      )
      expect(given).toEqual(new Set(reasons.filter(({ note }) => !note).map(({ id }) => id)))
    }
  })

  it('shows the habits of the teams', () => {
    const rejections = (by: string) => of('handoff.rejected').filter(({ actor }) => actor === by)
    const acceptances = (by: string) => of('handoff.accepted').filter(({ actor }) => actor === by)
    const rate = (by: string) => rejections(by).length / (rejections(by).length + acceptances(by).length)
    expect(rate('novak')).toBeGreaterThan(1.5 * rate('tanaka'))
    expect(new Set(rejections('novak').map(({ data }) => data.reason))).toEqual(new Set(['no-budget']))
    expect(new Set(rejections('brandt').map(({ data }) => data.reason))).toEqual(new Set(['not-qualified']))

    const offers = of('handoff.offered')
    const expired = new Set(of('handoff.expired').map(({ data }) => data.handoff))
    const lost = (list: readonly Of<'handoff.offered'>[]) =>
      list.filter(({ data }) => expired.has(data.handoff)).length / list.length
    const tanakas = Map.groupBy(
      offers.filter(({ data }) => data.assignee === 'tanaka'),
      ({ time }) => isFriday(Date.parse(time)),
    )
    expect(lost(tanakas.get(true)!)).toBe(1)
    expect(lost(tanakas.get(false)!)).toBeLessThan(0.5)

    const answers = (by: string) => {
      const offered = new Map(offers.map(({ data, time }) => [data.handoff, Date.parse(time)]))
      const taken = acceptances(by).map(({ data, time }) => Date.parse(time) - offered.get(data.handoff)!)
      return taken.toSorted((a, b) => a - b)[Math.floor(taken.length / 2)]!
    }
    expect(answers('brandt')).toBeLessThan(HOUR)
    expect(answers('silva')).toBeGreaterThan(2 * HOUR)
  })

  it('tells who keeps promises: most of both teams, and who does not', () => {
    const verdicts = new Map<string, { readonly isKept: boolean; readonly owner: string | undefined }>()
    for (const { type, data } of events)
      if (type === 'sla.met' || type === 'sla.breached' || type === 'sla.corrected') {
        const isKept = type === 'sla.met' || ('outcome' in data && data.outcome === 'met')
        verdicts.set(data.clock, { isKept, owner: data.owner })
      }
    const kept = (policy: string, by?: string) => {
      const all = [...verdicts].flatMap(([clock, { isKept, owner }]) =>
        clock.startsWith(`${policy}/`) && (by === undefined || owner === by) ? [isKept] : [],
      )
      expect(all.length).toBeGreaterThan(8)
      return all.filter(Boolean).length / all.length
    }
    expect(kept('lead-response')).toBeGreaterThan(0.6)
    expect(kept('lead-response')).toBeLessThan(0.85)
    for (const good of ['brandt', 'tanaka', 'novak']) expect(kept('lead-response', good)).toBeGreaterThan(0.8)
    for (const bad of ['silva', 'okoye']) expect(kept('lead-response', bad)).toBeLessThan(0.7)
    expect(kept('handoff-acceptance', 'brandt')).toBeGreaterThan(kept('handoff-acceptance', 'silva') + 0.1)
    for (const good of ['mara', 'linnea']) expect(kept('rejected-feedback', good)).toBeGreaterThan(0.75)
    expect(kept('rejected-feedback', 'idris')).toBeLessThan(0.65)
  })

  it('suffers from a campaign that brings the wrong people for some weeks', () => {
    const touches = of('touchpoint.recorded').filter(
      ({ data }) => data.campaign === 'win-a-tablet' && data.kind === 'form',
    )
    const days = touches.map(({ time }) => Math.floor((Date.parse(time) - MONDAY) / DAY))
    expect(touches.length).toBeGreaterThan(40)
    expect(Math.min(...days)).toBeGreaterThanOrEqual(35)
    const drawn = new Set(
      of('lead.captured')
        .filter(({ data }) => data.properties?.['origin'] === 'prize-draw')
        .map(({ data }) => data.lead),
    )
    const share = (isOf: (lead: string) => boolean) => {
      const won = of('lead.converted').filter(({ data }) => isOf(data.lead)).length
      return won / of('lead.captured').filter(({ data }) => isOf(data.lead)).length
    }
    expect(share((lead) => drawn.has(lead))).toBeLessThan(share((lead) => !drawn.has(lead)) / 3)
  })

  it('leaves a company that is small and lives on', () => {
    const { company } = history
    expect(JSON.stringify(company).length).toBeLessThan(150_000)
    const again = JSON.parse(JSON.stringify(company)) as typeof company
    setPace(again, MONDAY + 91 * DAY, 1000)
    const acts = Array.from({ length: 500 }, () => step(again)).flat()
    const known = new Set(events.map(({ id }) => id))
    expect(acts.every((act) => act.kind === 'command' || !known.has(act.event.id))).toBe(true)
    expect(nextAt(again) - (MONDAY + 91 * DAY)).toBeLessThan(DAY)
  })
})

describe('a history', () => {
  it('is the same with the same seed and start, ids and recorded times included, and another with another', async () => {
    const first = await play(25)
    expect((await play(25)).records).toEqual(first.records)
    expect((await play(25, { seed: 2 })).records).not.toEqual(first.records)
    const other = (await play(25, { name: 'b' })).records
    const ids = (records: readonly Recorded[]) =>
      new Set(records.filter(({ event }) => event.source === 'demo').map(({ event }) => event.id))
    expect(ids(other).isDisjointFrom(ids(first.records))).toBe(true)
  })

  it('is as large as it is wanted', async () => {
    const [small, large] = await Promise.all([play(15, { visitsPerDay: 12 }), play(15, { visitsPerDay: 120 })])
    expect(large.records.length).toBeGreaterThan(6 * small.records.length)
    expect(large.records.length).toBeLessThan(15 * small.records.length)
  })

  it('can be stopped, and tells each day', async () => {
    const stop = new AbortController()
    const days: number[] = []
    const onDay = (day: number) => {
      days.push(day)
      if (day === 3) stop.abort(new Error('stopped'))
    }
    await expect(play(20, { onDay, signal: stop.signal })).rejects.toThrow('stopped')
    expect(days).toEqual([1, 2, 3])
  })

  it('begins with what is set up before', async () => {
    const { records } = await play(1, {
      setUp: async (store, at) => {
        expect(at).toBe(MONDAY)
        await store.append({
          events: [
            {
              specversion: '1.0',
              id: '00000000-0000-4000-8000-000000000000',
              source: '/test',
              type: 'account.recorded',
              dataschema: 'account.recorded:1',
              time: new Date(at).toISOString(),
              partitionkey: 'a',
              data: { account: 'a' },
            },
          ],
        })
      },
    })
    expect(records.find(({ event }) => event.type === 'account.recorded')).toMatchObject({
      recorded: MONDAY,
      position: 1,
    })
  })
})
