import { describe, expect, it } from '@jest/globals'
import type { Calendar, LeadPolicy, PeriodPolicy, SlaPolicy } from '@funnel/definitions'
import type { FunnelEvent } from '@funnel/events'
import { holidaySource } from '@funnel/sla'
import type { LeadKept } from './kept.js'
import { answer, definition, rulesWith, World } from './testing/world.js'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
/** A Monday. */
const NOON = Date.UTC(2026, 6, 13, 12)
const at = (text: string) => Date.parse(text)

const world = (...policies: SlaPolicy[]) => new World(NOON, rulesWith(...policies))
const message = (kind = 'message') => ['lead.engaged', { lead: 'l', kind }] as const
const ofType = <Type extends FunnelEvent['type']>(events: readonly FunnelEvent[], type: Type) =>
  events.filter((event): event is Extract<FunnelEvent, { readonly type: Type }> => event.type === type)
const reassign: LeadPolicy = answer({
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
})
/** Where they work: sam in Berlin, sue in New York, on Mondays and Tuesdays. */
const office = (id: string, zone: string, person: string): Calendar => ({
  ...definition(id),
  zone,
  week: { mon: [{ from: '09:00', to: '17:00' }], tue: [{ from: '09:00', to: '17:00' }] },
  people: [{ person }],
})
const calendars = [office('berlin', 'Europe/Berlin', 'sam'), office('new-york', 'America/New_York', 'sue')]

describe('the monitor', () => {
  it('says a breach whose id somebody outside took before', async () => {
    const breach = async (taken?: string): Promise<string> => {
      const here = world(answer())
      await here.tell(...message())
      if (taken !== undefined) await here.write('touchpoint.recorded', { visitor: 'v', kind: 'view' }, { id: taken })
      await here.wait(2 * HOUR)
      expect(await here.told('l')).toEqual(['started', 'breached'])
      return ofType(await here.said('l'), 'sla.breached')[0]!.id
    }
    const foreseen = await breach()
    expect(await breach()).toBe(foreseen)
    expect(await breach(foreseen)).not.toBe(foreseen)
  })

  it('row 20: takes the first act of a person, whatever the order they come in; an automatic reply is none', async () => {
    const here = world(answer())
    const start = await here.tell(...message())
    await here.wait(10 * MINUTE)
    await here.tell(...message('automatic-reply'))
    expect(await here.told('l')).toEqual(['started'])
    await here.wait(20 * MINUTE)
    const late = await here.tell(...message('call'))
    const early = await here.tell(...message('call'), { at: here.now - 15 * MINUTE })
    const [started, met, corrected] = await here.said('l')
    expect(started!.data).toMatchObject({ clock: `answer/${start}`, policy: 'answer', policyVersion: 1, target: 3600 })
    expect(met).toMatchObject({ type: 'sla.met', causationid: late, data: { by: late, start } })
    expect(corrected).toMatchObject({
      type: 'sla.corrected',
      data: { corrects: { outcome: 'met', event: met!.id }, outcome: 'met', by: early, because: [early] },
    })
  })

  it('row 20: hears a touch of the person of the lead, by whichever visitor', async () => {
    const here = world(answer({ stops: [{ event: ['touchpoint.recorded'], where: { field: 'kind', is: 'call' } }] }))
    await here.tell('lead.captured', { lead: 'l', person: 'p' })
    await here.tell('visitor.identified', { visitor: 'v', person: 'p' })
    await here.tell(...message())
    await here.tell('touchpoint.recorded', { visitor: 'w', kind: 'call' })
    expect(await here.told('l')).toEqual(['started'])
    await here.tell('touchpoint.recorded', { visitor: 'v', kind: 'call' })
    expect(await here.told('l')).toEqual(['started', 'met'])
  })

  describe('where a visitor is shared or a person was corrected', () => {
    const call = { event: ['touchpoint.recorded'], where: { field: 'kind', is: 'call' } }
    const called = (visitor: string) => ['touchpoint.recorded', { visitor, kind: 'call' }] as const

    it('a touch of one of two persons whose leads came by one visitor is no act of the other', async () => {
      const here = world(answer({ stops: [call] }))
      for (const [lead, person, visitor] of [
        ['l', 'p1', 'w1'],
        ['m', 'p2', 'w2'],
      ] as const) {
        await here.tell('lead.captured', { lead, visitor: 'tablet' })
        await here.tell('lead.enriched', { lead, person })
        await here.tell('visitor.identified', { visitor, person })
        await here.tell('lead.engaged', { lead, kind: 'message' })
      }
      await here.tell(...called('w1'))
      expect(await here.told('l')).toEqual(['started', 'met'])
      expect(await here.told('m')).toEqual(['started'])
    })

    it('a touch of the person that a lead named before is no act of it, one of its person under another id is', async () => {
      const here = world(answer({ stops: [call] }))
      await here.tell('visitor.identified', { visitor: 'wrong', person: 'p1' })
      await here.tell('visitor.identified', { visitor: 'right', person: 'p3' })
      await here.tell('lead.captured', { lead: 'l', person: 'p1' })
      await here.tell('lead.enriched', { lead: 'l', person: 'p2' })
      await here.tell('person.absorbed', { person: 'p2', into: 'p3' })
      await here.tell(...message())
      await here.tell(...called('wrong'))
      expect(await here.told('l')).toEqual(['started'])
      await here.tell(...called('right'))
      expect(await here.told('l')).toEqual(['started', 'met'])
    })
  })

  it('row 20: knows an act that was recorded before the start, and happened after it', async () => {
    const here = world(answer())
    const asked = here.now - 20 * MINUTE
    await here.tell(...message('call'), { at: here.now - 10 * MINUTE })
    await here.tell(...message(), { at: asked })
    await here.wait(DAY)
    expect(await here.told('l')).toEqual(['started', 'met'])
  })

  it('row 21: of three messages there are three clocks, each judged by the version of its start', async () => {
    const each = answer({ recurs: 'each' })
    const here = world(each)
    await here.tell(...message())
    await here.wait(30 * MINUTE)
    await here.tell(...message())
    await here.tell('definition.applied', {
      definition: 'sla/answer',
      version: 2,
      effective: new Date(here.now).toISOString(),
      approved: { marketing: 'mia', sales: 'sam' },
      hash: '',
      content: { ...each, version: 2, terms: [{ target: '3h' }] },
    })
    await here.wait(10)
    await here.tell(...message())
    await here.wait(2 * HOUR)
    await here.tell(...message('call'))
    const said = await here.said('l')
    const started = ofType(said, 'sla.started').map(({ data }) => [data.policyVersion, data.target])
    expect(started).toEqual([
      [1, 3600],
      [1, 3600],
      [2, 10800],
    ])
    expect(ofType(said, 'sla.breached').map(({ data }) => data.policyVersion)).toEqual([1, 1])
    expect(ofType(said, 'sla.ended')).toHaveLength(2)
    expect(ofType(said, 'sla.met').map(({ data }) => data.policyVersion)).toEqual([2])
  })

  it('row 21: in a chain what ends a clock starts the next, until it is void', async () => {
    const here = world(answer({ recurs: 'chained' }))
    await here.tell(...message())
    await here.wait(HOUR / 2)
    const first = await here.tell(...message('call'))
    await here.wait(HOUR / 2)
    await here.tell(...message('call'))
    await here.wait(2 * HOUR)
    await here.tell('lead.disqualified', { lead: 'l', stage: 'lost', reason: 'x' })
    expect(await here.told('l')).toEqual(['started', 'met', 'started', 'met', 'started', 'breached', 'ended'])
    expect(ofType(await here.said('l'), 'sla.started')[1]!.data.start).toBe(first)
  })

  it('row 21: under once the first start counts while its clock runs, also where it comes to be known later', async () => {
    const here = world(answer())
    const second = await here.tell(...message())
    await here.wait(10 * MINUTE)
    await here.tell(...message())
    const first = await here.tell(...message(), { at: NOON - 20 * MINUTE })
    await here.wait(2 * HOUR)
    await here.tell(...message('call'))
    await here.tell(...message())
    const said = await here.said('l')
    expect(said.map(({ type }) => type)).toEqual([
      'sla.started',
      'sla.changed',
      'sla.breached',
      'sla.ended',
      'sla.started',
    ])
    expect(said[2]!.data).toMatchObject({
      clock: `answer/${second}`,
      start: first,
      due: new Date(NOON + 40 * MINUTE).toISOString(),
    })
  })

  it('row 21: under once a start after one that ended late has a clock, though that is not judged yet, as in an import', async () => {
    const entered = (stage: string) =>
      ({ event: ['lead.stage-entered'], where: { field: 'stage', is: stage } }) as const
    const here = world(answer({ starts: [entered('mql')], stops: [entered('sql')], cancels: [] }))
    for (const [stage, day] of [
      ['mql', 0],
      ['sql', 10],
      ['mql', 40],
      ['sql', 41],
    ] as const)
      await here.tell('lead.stage-entered', { lead: 'l', stage }, { at: NOON + (day - 60) * DAY, importid: 'i' })
    await here.wait(DAY)
    expect((await here.told('l')).toSorted()).toEqual(['breached', 'breached', 'ended', 'ended', 'started', 'started'])
  })

  it('row 21: under once a start that comes to be known late moves the clock that runs after it, beside one that ended', async () => {
    const here = world(answer())
    await here.tell(...message())
    await here.wait(30 * MINUTE)
    await here.tell(...message('call'))
    await here.wait(3 * HOUR)
    const second = await here.tell(...message())
    await here.wait(5 * MINUTE)
    const earlier = await here.tell(...message(), { at: here.now - 15 * MINUTE })
    await here.tell(...message('call'))
    const said = await here.said('l')
    expect(said.map(({ type }) => type.slice('sla.'.length))).toEqual(['started', 'met', 'started', 'changed', 'met'])
    expect(said.at(-1)!.data).toMatchObject({ clock: `answer/${second}`, start: earlier })
  })

  it('row 22: two promises of one lead are watched at once: one is broken, the other kept', async () => {
    const handoff = answer({ ...definition('handoff'), stops: [{ event: ['handoff.accepted'] }] })
    const here = world(answer(), handoff)
    await here.tell(...message())
    await here.wait(30 * MINUTE)
    await here.tell(...message('reply'))
    await here.wait(HOUR)
    const said = await here.said('l')
    expect(ofType(said, 'sla.met').map(({ data }) => data.policy)).toEqual(['answer'])
    expect(ofType(said, 'sla.breached').map(({ data }) => data.policy)).toEqual(['handoff'])
  })

  it('row 23: restarted ten times around the due time it says each thing once, and the reassignment names the breach', async () => {
    const here = world(reassign)
    await here.tell('queue.staffed', { queue: 'inbound', members: rulesWith().queues[0]!.members })
    await here.tell('lead.captured', { lead: 'l', owner: 'sam' })
    await here.tell(...message())
    await here.wait(49 * MINUTE)
    for (let i = 0; i < 10; i++) {
      await here.wait(2 * MINUTE)
      await here.restart()
    }
    await here.wait(HOUR)
    const said = await here.said('l')
    expect(said.map(({ type }) => type)).toEqual([
      'sla.started',
      'sla.warned',
      'sla.breached',
      'sla.escalated',
      'sla.changed', // it is mona's now
      'sla.escalated',
    ])
    const [level, next] = ofType(said, 'sla.escalated')
    expect([level!.data.notify, next!.data.notify]).toEqual([undefined, ['head-of-sales']])
    const [breach] = ofType(said, 'sla.breached')
    const assigned = ofType(await here.lead('l'), 'lead.assigned')
    expect(assigned).toMatchObject([
      { causationid: breach!.id, data: { owner: 'mona', because: [breach!.id] }, source: '/funnel/sla-monitor' },
    ])
    const left = (await here.store.read('queue-inbound')).filter(({ event }) => event.type === 'queue.member-left')
    expect(left.map(({ event }) => event.data)).toEqual([{ queue: 'inbound', member: 'sam', reason: 'sla' }])
  })

  it('row 24: breaks a promise on time, with no later event and nobody looking', async () => {
    const here = world(answer())
    await here.tell(...message())
    await here.wait(HOUR + 4000)
    expect(await here.told('l')).toEqual(['started'])
    await here.wait(1100)
    const breach = ofType(await here.said('l'), 'sla.breached')[0]!
    expect(breach.data.due).toBe(new Date(at(breach.data.started) + HOUR).toISOString())
  })

  it('row 24: an answer that is in the log and was not seen yet is no breach, however late the monitor looks', async () => {
    const here = world(answer())
    await here.tell(...message())
    here.now += HOUR - 1000
    await here.write(...message('call'))
    await here.wait(DAY)
    expect(await here.told('l')).toEqual(['started', 'met'])
  })

  it('row 25: an answer three hours late was missed once and is not overdue, and tells how late it was', async () => {
    const here = world(answer())
    await here.tell(...message())
    here.now = NOON + 4 * HOUR
    await here.tell(...message('call'))
    const said = await here.said('l')
    expect(said.map(({ type }) => type)).toEqual(['sla.started', 'sla.breached', 'sla.ended'])
    const { lateness, used, how } = ofType(said, 'sla.ended')[0]!.data
    expect([Math.round(lateness), Math.round(used), how]).toEqual([10800, 14400, 'stopped'])
  })

  it('row 25: a breach that did not happen is corrected, and the clock goes on', async () => {
    const here = world(
      answer({
        pauses: [{ event: ['lead.engaged'], where: { field: 'kind', is: 'waiting' } }],
        resumes: [{ event: ['lead.engaged'], where: { field: 'kind', is: 'back' } }],
      }),
    )
    await here.tell(...message())
    await here.wait(2 * HOUR)
    await here.tell(...message('waiting'), { at: NOON + 30 * MINUTE })
    await here.tell(...message('back'))
    await here.wait(HOUR)
    expect(await here.told('l')).toEqual(['started', 'breached', 'corrected', 'changed', 'changed', 'breached'])
  })

  it('row 26: a policy that is edited at noon judges what starts after it; what ran before keeps its version', async () => {
    const here = world(answer())
    await here.tell('lead.captured', { lead: 'l' })
    await here.tell(...message())
    const effective = new Date(here.now + MINUTE).toISOString()
    const approved = { marketing: 'mia', sales: 'sam' }
    const content = { ...answer(), version: 2, terms: [{ target: '2h' }] }
    await here.tell('definition.applied', {
      definition: 'sla/answer',
      version: 2,
      effective,
      approved,
      hash: '',
      content,
    })
    await here.wait(10 * MINUTE)
    await here.tell('lead.engaged', { lead: 'm', kind: 'message' })
    await here.wait(DAY)
    const breachOf = async (lead: string) => ofType(await here.said(lead), 'sla.breached')[0]!.data
    expect(await breachOf('l')).toMatchObject({ policyVersion: 1, due: new Date(NOON + HOUR + 2).toISOString() })
    expect((await breachOf('m')).policyVersion).toBe(2)
  })

  it('row 15: other facts of the lead bring other terms of the same version, which is told', async () => {
    const here = world(
      answer({
        terms: [{ where: { field: 'properties.segment', is: 'large' }, target: '30m' }, { target: '2h' }],
      }),
    )
    await here.tell(...message())
    await here.wait(10 * MINUTE)
    const enriched = await here.tell('lead.enriched', { lead: 'l', properties: { segment: 'large' } })
    const changed = ofType(await here.said('l'), 'sla.changed')[0]!
    expect(changed.data).toMatchObject({ state: 'running', because: [enriched], policyVersion: 1 })
    expect(at(changed.data.due!) - at(changed.data.started)).toBe(30 * MINUTE)
    await here.tell('lead.enriched', { lead: 'l', properties: { country: 'DE' } })
    expect(ofType(await here.said('l'), 'sla.changed')).toHaveLength(1)
  })

  describe('where something becomes known late that brings other terms', () => {
    const terms = answer({
      terms: [
        { where: { field: 'properties.vip', is: true }, target: '30m' },
        { where: { field: 'properties.segment', is: 'large' }, target: '1h' },
        { target: '2h' },
      ],
    })
    const known = (properties: object) => ['lead.enriched', { lead: 'l', properties }] as const
    const breach = async (here: World) => {
      await here.wait(DAY)
      const { due, started } = ofType(await here.said('l'), 'sla.breached')[0]!.data
      return (at(due) - at(started)) / MINUTE
    }

    it('a clock has those of what was so before it started, as if it had been known then', async () => {
      const here = world(terms)
      await here.tell(...message())
      await here.tell(...known({ segment: 'large' }), { at: NOON - 2 * MINUTE })
      expect(await breach(here)).toBe(60)
    })

    it('a clock has those of all that is known, also where something that happened later was known before', async () => {
      const here = world(terms)
      await here.tell(...message())
      await here.wait(10 * MINUTE)
      await here.tell(...known({ segment: 'large' }))
      await here.tell(...known({ vip: true }), { at: NOON + 5 * MINUTE })
      expect(await breach(here)).toBe(30)
    })

    it.each([
      { first: { segment: 'large' }, second: { vip: true } },
      { first: { vip: true }, second: { segment: 'large' } },
    ])('a clock has those of all that became known of one instant: $first, then $second', async ({ first, second }) => {
      // their ids, which order facts of one instant, come in any order
      for (const before of [0, 1, 2, 3, 4]) {
        const here = world(terms)
        for (let i = 0; i < before; i++) await here.tell('lead.captured', { lead: 'other' })
        const instant = here.now + MINUTE
        await here.tell(...message())
        await here.wait(2 * MINUTE)
        await here.tell(...known(first), { at: instant })
        await here.tell(...known(second), { at: instant })
        await here.tell(...known({ country: 'DE' }))
        expect(ofType(await here.said('l'), 'sla.changed').length).toBeLessThan(3)
        expect(await breach(here)).toBe(30)
      }
    })
  })

  describe('of what a lead has from its person', () => {
    const termsBy = (field: string, is: string) =>
      answer({ terms: [{ where: { field, is }, target: '30m' }, { target: '2h' }] })
    const matched = (person: string, account = 'acme') =>
      ['person.account-matched', { person, account, rule: 'domain', ruleVersion: 1, fields: [], because: [] }] as const
    /** By what a clock of the lead starts, and when it is due by all that is known, in minutes after its start. */
    const targets = async (here: World, lead = 'l') => {
      const said = await here.said(lead)
      return [...ofType(said, 'sla.started'), ...ofType(said, 'sla.changed')].map(
        ({ data }) => Math.round(at(data.due!) - at(data.started)) / MINUTE,
      )
    }

    it('terms go by the company that the person was matched to, but for what the lead tells itself', async () => {
      const here = world(termsBy('account', 'acme'))
      await here.tell('lead.captured', { lead: 'l', person: 'p' })
      await here.tell('lead.enriched', { lead: 'm', person: 'p', account: 'other' })
      await here.tell(...matched('p'))
      for (const lead of ['l', 'm']) await here.tell('lead.engaged', { lead, kind: 'message' })
      expect([await targets(here), await targets(here, 'm')]).toEqual([[30], [120]])
    })

    it('a match of the person, another person and a merge choose terms anew while the clock runs', async () => {
      const here = world(termsBy('account', 'acme'))
      await here.tell('lead.captured', { lead: 'l', person: 'p' })
      await here.tell(...message())
      const match = await here.tell(...matched('p'))
      expect(ofType(await here.said('l'), 'sla.changed')).toMatchObject([{ data: { because: [match] } }])
      await here.tell('lead.enriched', { lead: 'l', person: 'q' })
      expect(await targets(here)).toEqual([120, 30, 120])
      await here.tell('person.absorbed', { person: 'p', into: 'q' })
      await here.tell('person.released', { person: 'p', from: 'q' })
      expect(await targets(here)).toEqual([120, 30, 120, 30, 120])
    })

    it('a first touch after its person declined attribution is none', async () => {
      const here = world(termsBy('first-touch.channel', 'ads'))
      await here.tell('lead.captured', { lead: 'l', person: 'p' })
      await here.tell('visitor.identified', { visitor: 'v', person: 'p' })
      await here.tell('person.consent-recorded', { person: 'p', purposes: { attribution: false } })
      await here.wait(MINUTE)
      await here.tell('touchpoint.recorded', { visitor: 'v', kind: 'visit', channel: 'ads' })
      await here.tell(...message())
      expect(await targets(here)).toEqual([120])
    })

    it('a visitor that the person turns out to be, or is no more, a first touch and a word on attribution choose terms anew', async () => {
      const here = world(termsBy('first-touch.channel', 'ads'))
      await here.tell('lead.captured', { lead: 'l', person: 'p' })
      await here.tell('touchpoint.recorded', { visitor: 'v', kind: 'visit', channel: 'ads' })
      await here.wait(MINUTE)
      await here.tell(...message())
      await here.tell('visitor.identified', { visitor: 'v', person: 'p' })
      await here.tell('visitor.unlinked', { visitor: 'v', person: 'p', reason: 'x' })
      await here.tell('visitor.identified', { visitor: 'w', person: 'p' })
      await here.tell('touchpoint.recorded', { visitor: 'w', kind: 'visit', channel: 'ads' })
      expect(await targets(here)).toEqual([120, 30, 120, 30])
      const declined = { person: 'p', purposes: { attribution: false } }
      await here.tell('person.consent-recorded', declined, { at: NOON })
      expect(await targets(here)).toEqual([120, 30, 120, 30, 120])
    })
  })

  it('row 17: counts in the hours of whoever has the lead, and goes by those of the next owner', async () => {
    const terms = [{ target: '4h', calendar: { of: 'owner', otherwise: 'berlin' } as const }]
    const here = new World(NOON, { ...rulesWith(answer({ terms })), calendars })
    await here.tell('lead.captured', { lead: 'l', owner: 'sam' })
    await here.tell(...message())
    const [started] = ofType(await here.said('l'), 'sla.started')
    // 14:00 in Berlin: three hours on Monday, one on Tuesday
    expect(started!.data).toMatchObject({ owner: 'sam', team: 'sellers', calendar: 'berlin', calendarVersion: 1 })
    expect(started!.data.due.slice(0, 16)).toBe('2026-07-14T08:00')
    await here.command({ type: 'lead.assign', lead: 'l', owner: 'sue' })
    const [changed] = ofType(await here.said('l'), 'sla.changed')
    // 08:00 in New York: it opens an hour later
    expect(changed!.data).toMatchObject({ owner: 'sue', calendar: 'new-york' })
    expect(Math.round(at(changed!.data.due!) / MINUTE)).toBe(at('2026-07-13T17:00Z') / MINUTE)
  })

  it('tells of a running clock whose it is now where its lead goes to somebody with the same hours', async () => {
    const here = world(answer())
    await here.tell('lead.captured', { lead: 'l', owner: 'sam' })
    await here.tell(...message())
    const changes = async () => ofType(await here.said('l'), 'sla.changed').map(({ data }) => data)
    await here.wait(10 * MINUTE)
    const assigned = await here.tell('lead.assigned', { lead: 'l', owner: 'sue' })
    const { due } = ofType(await here.said('l'), 'sla.started')[0]!.data
    const whose = { owner: 'sue', team: 'sellers' }
    expect(await changes()).toMatchObject([{ ...whose, state: 'running', due, because: [assigned] }])
    await here.tell('lead.assigned', { lead: 'l', owner: 'sue' })
    await here.tell('lead.enriched', { lead: 'l', properties: { country: 'DE' } })
    expect(await changes()).toHaveLength(1)
    await here.tell('lead.assigned', { lead: 'l', owner: 'zoe' })
    expect((await changes()).slice(1)).toMatchObject([{ owner: 'zoe' }])
    expect((await changes())[1]).not.toHaveProperty('team')
  })

  it('tells once whose a clock is that was kept before that was, when something of its lead changes', async () => {
    const here = world(answer())
    await here.tell('lead.captured', { lead: 'l', owner: 'sam' })
    await here.tell(...message())
    const [clock] = ((await here.kept('lead:l')) as LeadKept).clocks
    delete (clock as { whose?: unknown }).whose
    for (const country of ['DE', 'AT']) await here.tell('lead.enriched', { lead: 'l', properties: { country } })
    expect(ofType(await here.said('l'), 'sla.changed')).toMatchObject([{ data: { owner: 'sam' } }])
  })

  it('row 26, R28: says which rules of zones and which holidays the hours were counted by, and of all time none', async () => {
    const office: Calendar = {
      ...definition('office'),
      zone: 'Europe/Berlin',
      week: 'always',
      holidays: { country: 'DE' },
    }
    const terms = [{ target: '1h', calendar: { id: 'office' } }]
    const here = new World(NOON, { ...rulesWith(answer({ terms })), calendars: [office] })
    await here.tell(...message())
    await here.wait(2 * HOUR)
    await here.tell(...message('call'))
    const said = await here.said('l')
    expect(said.map(({ type }) => type)).toEqual(['sla.started', 'sla.breached', 'sla.ended'])
    const counted = { calendar: 'office', zoneData: process.versions['tz'], holidayData: holidaySource }
    for (const { data } of said) expect(data).toMatchObject(counted)

    const all = world(answer())
    await all.tell(...message())
    const [started] = await all.said('l')
    expect(Object.keys(started!.data)).not.toContain('zoneData')
  })

  it('what was imported, or is told late, is historical: nothing follows from it', async () => {
    const here = world(reassign)
    await here.tell('lead.captured', { lead: 'l', owner: 'sam' }, { importid: 'i' })
    await here.tell(...message(), { at: NOON - 60 * DAY, importid: 'i' })
    await here.tell('lead.engaged', { lead: 'm', kind: 'message' }, { at: NOON - 2 * HOUR })
    // the next row has the answer
    await here.tell('lead.engaged', { lead: 'n', kind: 'message' }, { at: NOON - 30 * DAY, importid: 'i' })
    await here.tell('lead.engaged', { lead: 'n', kind: 'call' }, { at: NOON - 30 * DAY + MINUTE, importid: 'i' })
    await here.wait(DAY)
    for (const lead of ['l', 'm', 'n']) {
      const said = await here.said(lead)
      expect(said.map(({ type }) => type).at(1)).toBe(lead === 'n' ? 'sla.met' : 'sla.warned')
      for (const { data } of said) expect(data).toHaveProperty('historical', true)
    }
    expect(ofType(await here.lead('l'), 'lead.assigned')).toEqual([])
  })

  it('rows 9 and 17: an offered lead is a promise of whom it was offered to, by their calendar, until somebody else has it', async () => {
    const terms = [
      {
        target: '4h',
        calendar: { of: 'owner', otherwise: 'berlin' } as const,
        escalations: [{ after: '0s', pause: true as const }],
      },
    ]
    const starts = [{ event: ['handoff.offered'] as const }]
    const acceptance = answer({
      starts,
      stops: [{ event: ['handoff.accepted', 'handoff.rejected', 'lead.advanced'] }],
      terms,
    })
    const feedback = answer({ ...definition('feedback'), party: 'marketing', starts, terms: [{ target: '400h' }] })
    const here = new World(NOON, { ...rulesWith(acceptance, feedback), calendars })
    await here.tell('queue.staffed', { queue: 'inbound', members: rulesWith().queues[0]!.members })
    const deadline = new Date(NOON + DAY).toISOString()
    const offer = async (lead: string, data: object) => {
      await here.tell('lead.captured', { lead, owner: 'mara' })
      await here.tell('handoff.offered', { lead, handoff: 'h', deadline, ...data })
    }
    const about = async (lead: string, policy = 'answer') =>
      (await here.said(lead)).flatMap(({ type, data }) => {
        const { policy: of, owner, calendar } = data as { policy: string; owner?: string; calendar?: string }
        return of === policy ? [[type, owner, calendar]] : []
      })

    await offer('rejected', { assignee: 'sue' })
    await here.tell('handoff.rejected', { lead: 'rejected', handoff: 'h', reason: 'x' })
    expect(await about('rejected')).toEqual([
      ['sla.started', 'sue', 'new-york'],
      ['sla.met', 'sue', 'new-york'],
    ])
    expect(await about('rejected', 'feedback')).toEqual([['sla.started', 'mara', undefined]])

    await offer('taken', { assignee: 'sue' })
    await here.tell('handoff.accepted', { lead: 'taken', handoff: 'h', owner: 'sam' })
    expect((await about('taken')).at(-1)).toEqual(['sla.met', 'sam', 'new-york'])

    await offer('for-all', { queue: 'inbound' })
    expect(await about('for-all')).toEqual([['sla.started', undefined, 'berlin']])

    await offer('expired', { assignee: 'sue' })
    await here.wait(DAY)
    await here.tell('handoff.expired', { lead: 'expired', handoff: 'h' })
    expect((await about('expired')).slice(1)).toEqual([
      ['sla.breached', 'sue', 'new-york'],
      ['sla.escalated', 'sue', 'new-york'],
    ])
    const left = (await here.store.read('queue-inbound')).filter(({ event }) => event.type === 'queue.member-left')
    expect(left.map(({ event }) => (event.data as { member: string }).member)).toEqual(['sue'])
    await here.tell('lead.assigned', { lead: 'expired', owner: 'mona' })
    await here.tell('lead.advanced', { lead: 'expired', stage: 'sql' })
    expect((await about('expired')).at(-1)?.slice(0, 2)).toEqual(['sla.ended', 'mona'])
  })

  it('what is there from the beginning is a promise kept at once', async () => {
    const here = world(
      answer({
        starts: [{ event: ['handoff.offered'] }],
        stops: [{ event: ['handoff.offered', 'lead.enriched'], lead: { field: 'properties.segment', known: true } }],
      }),
    )
    await here.tell('lead.captured', { lead: 'l', properties: { segment: 'x' } })
    const deadline = new Date(NOON + DAY).toISOString()
    const offered = await here.tell('handoff.offered', { lead: 'l', handoff: 'h', deadline })
    const [, met] = await here.said('l')
    expect(met).toMatchObject({ type: 'sla.met', data: { by: offered, used: 0 } })
  })

  describe('what was there from the beginning and becomes known later', () => {
    const data: Partial<LeadPolicy> = {
      starts: [{ event: ['handoff.offered'] }],
      stops: [
        {
          event: ['handoff.offered', 'lead.enriched'],
          lead: {
            all: [
              { field: 'properties.segment', known: true },
              { field: 'properties.origin', known: true },
            ],
          },
        },
      ],
    }
    const offered = () => {
      const deadline = new Date(NOON + DAY).toISOString()
      return ['handoff.offered', { lead: 'l', handoff: 'h', deadline }] as const
    }
    const enriched = (...names: string[]) =>
      ['lead.enriched', { lead: 'l', properties: Object.fromEntries(names.map((name) => [name, 'x'])) }] as const

    it('is a promise kept at the start, which takes a breach back', async () => {
      const here = world(answer(data))
      await here.tell(...enriched('segment'))
      await here.tell(...offered())
      await here.wait(2 * HOUR)
      const told = await here.tell(...enriched('origin'), { at: NOON - MINUTE })
      const said = await here.said('l')
      expect(said.map(({ type }) => type)).toEqual(['sla.started', 'sla.breached', 'sla.corrected'])
      expect(said[2]!.data).toMatchObject({ outcome: 'met', by: told, used: 0 })
    })

    it('is none where the rest came after it, nor is an act before the start', async () => {
      const here = world(answer(data), answer({ ...definition('call'), starts: data.starts! }))
      await here.tell(...offered())
      await here.wait(2 * HOUR)
      await here.tell(...enriched('segment'))
      await here.tell(...enriched('origin'), { at: NOON - MINUTE })
      await here.tell(...message('call'), { at: NOON - MINUTE })
      expect((await here.told('l')).toSorted()).toEqual(['breached', 'breached', 'started', 'started'])
    })
  })

  it('a finished clock is forgotten, a running one kept', async () => {
    const here = world(answer({ recurs: 'each' }))
    await here.tell(...message())
    await here.tell(...message('call'))
    await here.tell(...message())
    await here.wait(31 * DAY)
    const { clocks } = (await here.kept('lead:l')) as LeadKept
    expect(clocks.map(({ clock }) => clock.said.outcome)).toEqual(['breached'])
  })

  it('says nothing again when it reads the log anew', async () => {
    const here = world(reassign, answer({ ...definition('chain'), recurs: 'chained' }))
    for (const kind of ['message', 'call', 'message', 'waiting']) {
      await here.tell(...message(kind))
      await here.wait(40 * MINUTE)
    }
    await here.wait(DAY)
    const before = await here.said('l')
    await here.restart()
    expect(await here.said('l')).toEqual(before)
    expect(before.length).toBeGreaterThan(6)
  })
})

describe('row 27: promises about periods', () => {
  const volume: PeriodPolicy = {
    ...definition('volume'),
    party: 'marketing',
    every: { period: 'week', zone: 'Europe/Berlin' },
    promise: { count: { event: ['handoff.accepted'] }, at_least: 2 },
  }
  const report: PeriodPolicy = {
    ...definition('report'),
    party: 'sales',
    every: { period: 'month', zone: 'UTC' },
    promise: { count: { event: ['insight.shared'] }, at_least: 1 },
  }
  const accepted = (lead: string) => ['handoff.accepted', { lead, handoff: 'h', owner: 'sam' }] as const

  it('breach like any other: the weekly volume of marketing, the report of sales', async () => {
    const here = world(volume, report)
    await here.tell(...accepted('a'))
    await here.tell(...accepted('b'))
    await here.wait(7 * DAY)
    await here.tell(...accepted('c'))
    await here.wait(30 * DAY)
    expect(ofType(await here.said('volume'), 'sla.met')).toMatchObject([
      { data: { clock: 'volume/2026-07-13', value: 2, started: '2026-07-12T22:00:00.000Z', party: 'marketing' } },
    ])
    expect(ofType(await here.said('volume'), 'sla.breached')[0]!.data).toMatchObject({
      clock: 'volume/2026-07-20',
      zoneData: process.versions['tz'],
      value: 1,
      due: '2026-07-26T22:00:00.000Z',
    })
    expect(ofType(await here.said('report'), 'sla.breached')[0]!.data).toMatchObject({
      clock: 'report/2026-07-01',
      party: 'sales',
      value: 0,
    })
    // weeks in which nothing happens at all are broken, too
    expect((await here.told('volume')).filter((type) => type === 'breached').length).toBeGreaterThan(2)
  })

  it('a share is judged from a sample on, and is void below it', async () => {
    const quality: PeriodPolicy = {
      ...volume,
      promise: {
        of: { event: ['handoff.accepted'] },
        among: { event: ['handoff.accepted', 'handoff.rejected'] },
        at_least: 0.6,
        sample: 3,
      },
    }
    const here = world(quality)
    for (const lead of ['a', 'b']) await here.tell(...accepted(lead))
    await here.wait(7 * DAY)
    await here.tell(...accepted('c'))
    for (const lead of ['d', 'e']) await here.tell('handoff.rejected', { lead, handoff: 'h', reason: 'x' })
    await here.wait(7 * DAY)
    const said = await here.said('volume')
    expect(said.map(({ type }) => type)).toEqual([
      'sla.started',
      'sla.cancelled',
      'sla.started',
      'sla.breached',
      'sla.started',
    ])
    expect(ofType(said, 'sla.breached')[0]!.data.value).toBeCloseTo(1 / 3)
  })

  it('what comes to be known later counts when it happened, and corrects', async () => {
    const here = world(volume)
    await here.tell(...accepted('a'))
    await here.wait(8 * DAY)
    const late = await here.tell(...accepted('b'), { at: NOON + DAY })
    const said = await here.said('volume')
    const [breach] = ofType(said, 'sla.breached')
    expect(ofType(said, 'sla.corrected')[0]!.data).toMatchObject({
      clock: 'volume/2026-07-13',
      corrects: { outcome: 'breached', event: breach!.id },
      outcome: 'met',
      because: [late],
    })
  })

  it('of before the monitor is judged an hour after it came to be known, and is historical', async () => {
    const here = world(volume)
    await here.tell(...accepted('a'), { at: NOON - 20 * DAY, importid: 'i' })
    await here.wait(2 * HOUR)
    const said = (await here.said('volume')).filter(({ data }) => 'historical' in data)
    expect(said.map(({ type }) => type)).toEqual(['sla.started', 'sla.breached'])
    expect(said[1]!.data).toMatchObject({ clock: 'volume/2026-06-22' })
  })
})
