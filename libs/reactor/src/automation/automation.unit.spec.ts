import { fileURLToPath } from 'node:url'
import { beforeEach, describe, expect, it } from '@jest/globals'
import { defaultDefinitions, loadAllDefinitions } from '@funnel/definitions'
import { leadDecider, leadRules, leadStreams, type LeadCommand } from '@funnel/domain'
import { derivedId, type Envelope, type FunnelEvent, type Instant, type Recorded } from '@funnel/events'
import { definitionsInForce, handle, memoryEventStore, type MemoryEventStore } from '@funnel/event-store'
import { catchUp } from '../catch-up.js'
import { memoryKeep } from '../memory-keep.js'
import { automation } from './automation.js'
import { executor } from './execute.js'

/** Those that come with the platform, and the queues and routing of the demo's company. */
const rules = loadAllDefinitions([
  defaultDefinitions,
  fileURLToPath(new URL('../../../../examples/demo/definitions', import.meta.url)),
])
const HOUR = 3_600_000
const NOON = Date.UTC(2026, 0, 5, 12)

/** A company in memory: what is told, what sales does, and automation between them; time goes on when it is told to. */
class World {
  now: Instant = NOON
  readonly store: MemoryEventStore = memoryEventStore(() => this.now)
  readonly #executor: ReturnType<typeof executor>
  readonly #acting
  #told = 0

  constructor(definitions = rules) {
    this.#executor = executor(this.store, definitionsInForce(definitions, this.store.definitions), () => this.now)
    this.#acting = {
      reactor: automation(definitions),
      keep: memoryKeep<never>(),
      execute: (intent: Parameters<ReturnType<typeof executor>['execute']>[0]) => this.#executor.execute(intent),
    }
  }

  execute(...intent: Parameters<ReturnType<typeof executor>['execute']>) {
    return this.#executor.execute(...intent)
  }
  async begin(): Promise<void> {
    await this.#executor.staff()
    await this.#catchUp()
  }
  async tell(
    type: FunnelEvent['type'],
    data: Readonly<Record<string, unknown>>,
    more: Partial<Envelope> = {},
  ): Promise<string> {
    const id = derivedId('told', this.#told++)
    const key = String(
      data[
        type.startsWith('visitor') || type.startsWith('touch')
          ? 'visitor'
          : type.startsWith('person')
            ? 'person'
            : /^(account|definition)/.test(type)
              ? type.slice(0, type.indexOf('.'))
              : 'lead'
      ],
    )
    const event = {
      specversion: '1.0',
      id,
      source: '/site',
      type,
      dataschema: `${type}:1`,
      time: new Date(this.now).toISOString(),
      partitionkey: key,
      data,
      ...more,
    } as Envelope
    await this.store.append({ events: [event] })
    await this.#catchUp()
    return id
  }
  async wait(ms: number): Promise<void> {
    this.now += ms
    await this.#catchUp()
  }
  async command(command: LeadCommand, actor: string): Promise<void> {
    await handle(this.store, {
      decider: leadDecider(leadRules(rules)),
      command,
      streams: leadStreams(command),
      source: '/crm',
      key: `c${this.#told++}`,
      actor,
      now: this.now,
    })
    await this.#catchUp()
  }
  async lead(lead: string): Promise<readonly FunnelEvent[]> {
    return (await this.store.read(`lead-${lead}`)).map(({ event }) => event as FunnelEvent)
  }
  async types(lead: string): Promise<string[]> {
    return (await this.lead(lead)).map(({ type }) => type)
  }
  /** The companies that a person was matched to, one after the other. */
  async matches(person: string): Promise<readonly FunnelEvent['data'][]> {
    const all = (await this.store.read(`person-${person}`)).map(({ event }) => event as FunnelEvent)
    return all.flatMap((event) => (event.type === 'person.account-matched' ? [event.data] : []))
  }
  async queue(queue: string): Promise<readonly Recorded[]> {
    return this.store.read(`queue-${queue}`)
  }
  #catchUp(): Promise<void> {
    return catchUp(this.#acting, this.store.tail, async () => {
      this.now++
      return this.store.tail.heads()
    })
  }
}

const offerOf = (events: readonly FunnelEvent[]) => events.findLast((event) => event.type === 'handoff.offered')!.data

describe('automation', () => {
  let world: World
  beforeEach(async () => {
    world = new World()
    await world.begin()
  })
  const capture = (lead: string, more: object = {}) =>
    world.tell('lead.captured', { lead, properties: { segment: 'small', origin: 'signup' }, ...more })

  it('row 5: qualifies a lead that fits and engaged, naming rule, version and the events that satisfied it', async () => {
    const captured = await capture('l')
    expect(await world.types('l')).toEqual(['lead.captured'])
    const reply = await world.tell('lead.engaged', { lead: 'l', kind: 'reply' })
    const qualified = (await world.lead('l')).find((event) => event.type === 'lead.qualified')!
    expect(qualified).toMatchObject({
      data: { stage: 'mql', rule: 'mql', ruleVersion: 1, because: [captured, reply] },
      causationid: reply,
      hops: 1,
    })
  })

  describe('where a rule is changed on a day (row 8)', () => {
    const DAY = 24 * HOUR
    const [mql] = rules.qualifications
    const [routing] = rules.routings
    /** Says that a reply is not enough any more, and offers for an hour only; both from tomorrow on. */
    const change = async () => {
      const effective = new Date(world.now + DAY).toISOString()
      const approved = { marketing: 'mia', sales: 'sam' }
      const apply = (definition: string, content: object) =>
        world.tell('definition.applied', { definition, version: 2, effective, approved, hash: '', content })
      await apply('qualification/mql', {
        ...mql!,
        version: 2,
        engagement: { any: [{ event: 'lead.engaged', kind: ['meeting-held'] }] },
      })
      await apply('routing/mql', {
        ...routing!,
        version: 2,
        rules: routing!.rules.map((rule) => ({ ...rule, deadline: '1h' })),
      })
    }
    const qualifiedBy = async (lead: string) =>
      (await world.lead(lead)).flatMap((event) => (event.type === 'lead.qualified' ? [event.data.ruleVersion] : []))
    const offeredFor = async (lead: string) => {
      const offered = (await world.lead(lead)).findLast((event) => event.type === 'handoff.offered')!
      return Math.round((Date.parse(offered.data.deadline) - Date.parse(offered.time)) / HOUR)
    }

    it('judges and routes by the one of then before, and by the other after', async () => {
      await capture('before')
      await change()
      await world.tell('lead.engaged', { lead: 'before', kind: 'reply' })
      expect(await qualifiedBy('before')).toEqual([1])
      expect(await offeredFor('before')).toBe(24)
      await world.wait(2 * DAY)
      await capture('after')
      await world.tell('lead.engaged', { lead: 'after', kind: 'reply' })
      expect(await qualifiedBy('after')).toEqual([])
      await world.tell('lead.engaged', { lead: 'after', kind: 'meeting-held' })
      expect(await qualifiedBy('after')).toEqual([2])
      expect(await offeredFor('after')).toBe(1)
      expect(await qualifiedBy('before')).toEqual([1])
    })

    it('judges what happened before and became known after by the one of then', async () => {
      await capture('late')
      await change()
      const then = new Date(world.now).toISOString()
      await world.wait(2 * DAY)
      await world.tell('lead.engaged', { lead: 'late', kind: 'reply' }, { time: then })
      expect(await qualifiedBy('late')).toEqual([1])
    })

    it('counts from the beginning where it was applied before the first lead, though queues are staffed already', async () => {
      await world.tell('definition.applied', {
        definition: 'qualification/mql',
        version: 7,
        effective: new Date(world.now).toISOString(),
        approved: { marketing: 'mia', sales: 'sam' },
        hash: '',
        content: { ...mql!, version: 7 },
      })
      const long = new Date(world.now - 10 * DAY).toISOString()
      await world.tell('lead.captured', { lead: 'old', properties: { segment: 'small' } }, { time: long })
      await world.tell('lead.engaged', { lead: 'old', kind: 'reply' }, { time: long })
      expect(await qualifiedBy('old')).toEqual([7])
    })
  })

  describe('where the members of a queue are changed (row 8)', () => {
    const [queue] = rules.queues
    /** Only Ann is a member, from so long after now on. */
    const change = (after: number) =>
      world.tell('definition.applied', {
        definition: `queue/${queue!.id}`,
        version: 2,
        effective: new Date(world.now + after).toISOString(),
        approved: { marketing: 'mia', sales: 'sam' },
        hash: '',
        content: { ...queue!, version: 2, members: [{ member: 'ann', weight: 1, capacity: 40 }] },
      })
    const assignee = async (lead: string) => {
      await capture(lead)
      await world.tell('lead.engaged', { lead, kind: 'reply' })
      return (await world.lead(lead)).flatMap((event) =>
        event.type === 'handoff.offered' ? [event.data.assignee] : [],
      )
    }
    const timesStaffed = async () =>
      (await world.queue(queue!.id)).filter(({ event }) => event.type === 'queue.staffed').length

    it('gives leads to those who are members when it does', async () => {
      const members = queue!.members.map(({ member }) => member)
      expect(members).toContain((await assignee('before'))[0])
      await change(HOUR)
      expect(members).toContain((await assignee('meanwhile'))[0])
      await world.wait(2 * HOUR)
      expect(await assignee('after')).toEqual(['ann'])
      expect(await assignee('later')).toEqual(['ann'])
      expect(await timesStaffed()).toBe(2)
    })
  })

  it('decides by the stages that there are when it does (row 8)', async () => {
    await capture('first')
    await world.tell('definition.applied', {
      definition: `funnel/${rules.funnel.id}`,
      version: rules.funnel.version + 1,
      effective: new Date(world.now + HOUR).toISOString(),
      approved: { marketing: 'mia', sales: 'sam' },
      hash: '',
      content: {
        ...rules.funnel,
        version: rules.funnel.version + 1,
        stages: [{ id: 'fit', name: 'Fit', type: 'open', owner: 'marketing', entry: { rule: 'mql' } }],
      },
    })
    const ask = async (n: number) => {
      await world.tell('lead.captured', { lead: `of-${n}`, properties: { segment: 'small' } })
      const command = { type: 'lead.advance', lead: `of-${n}`, stage: 'fit' } as const
      const cause = { id: derivedId('cause', n), recorded: world.now }
      return world.execute({ command, key: `k${n}`, cause, at: world.now })
    }
    expect(await ask(1)).toBe('refused')
    await world.wait(2 * HOUR)
    expect(await ask(2)).toBe('done')
  })

  it('row 5: outbound mail with no reply does not qualify, nor does a lead that does not fit', async () => {
    await capture('l', { visitor: 'v' })
    await world.tell('touchpoint.recorded', { visitor: 'v', kind: 'email' })
    await world.tell('touchpoint.recorded', { visitor: 'v', kind: 'call' })
    await world.tell('lead.captured', { lead: 'm', properties: { segment: 'small', role: 'student' } })
    await world.tell('lead.engaged', { lead: 'm', kind: 'reply' })
    expect(await world.types('l')).toEqual(['lead.captured'])
    expect(await world.types('m')).toEqual(['lead.captured', 'lead.engaged'])
  })

  it('counts what every visitor of the person did, before and after they were known to be that person', async () => {
    await world.tell('touchpoint.recorded', { visitor: 'v1', kind: 'form' })
    await capture('l', { person: 'p' })
    await world.tell('visitor.identified', { visitor: 'v1', person: 'p' })
    expect(await world.types('l')).toEqual(['lead.captured'])
    await world.tell('visitor.identified', { visitor: 'v2', person: 'p' })
    await world.tell('touchpoint.recorded', { visitor: 'v2', kind: 'form' })
    expect(await world.types('l')).toContain('lead.qualified')
  })

  it('counts what a person did for its own leads alone, not for that of another who came by the same visitor', async () => {
    for (const [lead, person] of [
      ['l', 'p'],
      ['m', 'q'],
    ] as const) {
      await capture(lead, { visitor: 'tablet' })
      await world.tell('lead.enriched', { lead, person })
    }
    await world.tell('visitor.identified', { visitor: 'v', person: 'p' })
    for (let i = 0; i < 2; i++) await world.tell('touchpoint.recorded', { visitor: 'v', kind: 'form' })
    expect(await world.types('l')).toContain('lead.qualified')
    expect(await world.types('m')).toEqual(['lead.captured', 'lead.enriched'])
  })

  it('row 9: routes a qualified lead to a member of the queue, with a deadline; unanswered it expires and falls back', async () => {
    await capture('l')
    await world.tell('lead.engaged', { lead: 'l', kind: 'reply' })
    const offered = offerOf(await world.lead('l'))
    const [assigned] = (await world.queue('commercial')).slice(-1)
    expect(assigned!.event.data).toMatchObject({ lead: 'l', member: offered.assignee })
    expect(offered).toMatchObject({ fallback: 'silva' })
    expect(Date.parse(offered.deadline)).toBe(assigned!.recorded + 24 * HOUR)
    await world.wait(24 * HOUR - 60_000)
    expect(await world.types('l')).not.toContain('handoff.expired')
    await world.wait(60_000)
    const events = await world.lead('l')
    expect(events.filter(({ type }) => type === 'handoff.expired')).toHaveLength(1)
    expect(events.at(-1)).toMatchObject({ type: 'lead.assigned', data: { owner: 'silva' } })
    expect((await world.queue('commercial')).at(-1)!.event.type).toBe('queue.released')
    await world.wait(240 * HOUR)
    expect(await world.lead('l')).toHaveLength(events.length)
  })

  it('goes on where somebody outside took the ids of what it will decide', async () => {
    /** An offer that expires, with these ids taken before; gives the ids of what was decided by automation. */
    const expires = async (taken: readonly string[]): Promise<readonly string[]> => {
      world = new World()
      await world.begin()
      for (const id of taken) await world.tell('touchpoint.recorded', { visitor: 'v', kind: 'view' }, { id })
      await capture('l', { id: derivedId('captured') })
      await world.tell('lead.engaged', { lead: 'l', kind: 'reply' }, { id: derivedId('replied') })
      await world.wait(24 * HOUR)
      expect(await world.types('l')).toEqual([
        'lead.captured',
        'lead.engaged',
        'lead.qualified',
        'handoff.offered',
        'handoff.expired',
        'lead.assigned',
      ])
      const decided = [...(await world.lead('l')), ...(await world.queue('commercial')).map(({ event }) => event)]
      return decided.flatMap(({ id, causationid }) => (causationid === undefined ? [] : [id]))
    }
    const foreseen = await expires([])
    expect(foreseen).toHaveLength(6)
    expect(new Set(await expires(foreseen)).intersection(new Set(foreseen))).toEqual(new Set())
  })

  it('row 9: an accepted offer does not expire', async () => {
    await capture('l')
    await world.tell('lead.engaged', { lead: 'l', kind: 'reply' })
    const { handoff, assignee } = offerOf(await world.lead('l'))
    await world.command({ type: 'handoff.accept', lead: 'l', handoff, owner: assignee! }, assignee!)
    await world.wait(48 * HOUR)
    expect(await world.types('l')).not.toContain('handoff.expired')
  })

  it('makes room with the member whose lead goes back to marketing', async () => {
    await capture('l')
    await world.tell('lead.engaged', { lead: 'l', kind: 'reply' })
    const { handoff, assignee } = offerOf(await world.lead('l'))
    await world.command({ type: 'handoff.accept', lead: 'l', handoff, owner: assignee! }, assignee!)
    await world.command({ type: 'lead.recycle', lead: 'l', stage: 'mql', reason: recycling }, assignee!)
    expect((await world.queue('commercial')).at(-1)!.event).toMatchObject({
      type: 'queue.released',
      data: { lead: 'l', member: assignee },
    })
  })

  it.each(['disqualified', 'customer'])(
    'makes room with the member whose lead another system reports to be %s',
    async (stage) => {
      const assignee = await accepted(world, 'l')
      await world.tell('lead.stage-entered', { lead: 'l', stage })
      expect((await world.queue('commercial')).at(-1)!.event).toMatchObject({
        type: 'queue.released',
        data: { lead: 'l', member: assignee },
      })
    },
  )

  it('makes room with the member whose lead is advanced to a stage that ends the funnel', async () => {
    const assignee = await accepted(world, 'l')
    await world.command({ type: 'lead.advance', lead: 'l', stage: 'customer' }, assignee)
    expect((await world.queue('commercial')).at(-1)!.event).toMatchObject({
      type: 'queue.released',
      data: { lead: 'l', member: assignee },
    })
  })

  describe('where a lead that somebody took is routed again, at a later stage', () => {
    /** A lead that a member of the queue `commercial` took and brought to the stage `sql`, whose leads go to a queue. */
    const routedAgain = async (queue: string) => {
      const [routing] = rules.routings
      const again = { ...routing!, id: 'sql', stage: 'sql', rules: [{ queue, deadline: '4h', fallback: 'okoye' }] }
      world = new World({ ...rules, routings: [...rules.routings, again] })
      await world.begin()
      const first = await accepted(world, 'l')
      await world.command({ type: 'lead.advance', lead: 'l', stage: 'sql' }, first)
      return { first, ...offerOf(await world.lead('l')) }
    }
    const lastOf = async (queue: string) => (await world.queue(queue)).at(-1)!.event

    it('makes room with the member of the first queue once one of the other took it, and with that one at the end', async () => {
      const { first, handoff, assignee } = await routedAgain('enterprise')
      expect(await lastOf('enterprise')).toMatchObject({ type: 'queue.assigned', data: { member: assignee } })
      expect(await lastOf('commercial')).toMatchObject({ type: 'queue.assigned', data: { member: first } })
      await world.command({ type: 'handoff.accept', lead: 'l', handoff, owner: assignee! }, assignee!)
      expect(await lastOf('commercial')).toMatchObject({ type: 'queue.released', data: { lead: 'l', member: first } })
      expect(await lastOf('enterprise')).toMatchObject({ type: 'queue.assigned' })
      await world.command({ type: 'lead.recycle', lead: 'l', stage: 'mql', reason: recycling }, assignee!)
      expect(await lastOf('enterprise')).toMatchObject({ type: 'queue.released', data: { member: assignee } })
    })

    it('leaves it with the first member where the other rejects it, until the end', async () => {
      const { first, handoff, assignee } = await routedAgain('enterprise')
      await world.command({ type: 'handoff.reject', lead: 'l', handoff, reason: rejection }, assignee!)
      expect(await lastOf('enterprise')).toMatchObject({ type: 'queue.credited', data: { member: assignee } })
      expect(await lastOf('commercial')).toMatchObject({ type: 'queue.assigned' })
      await world.command({ type: 'lead.recycle', lead: 'l', stage: 'mql', reason: recycling }, first)
      expect(await lastOf('commercial')).toMatchObject({ type: 'queue.released', data: { lead: 'l', member: first } })
    })

    it('makes room with both where nobody answers', async () => {
      const { first, assignee } = await routedAgain('enterprise')
      await world.wait(4 * HOUR)
      expect(await lastOf('commercial')).toMatchObject({ type: 'queue.released', data: { member: first } })
      expect(await lastOf('enterprise')).toMatchObject({ type: 'queue.released', data: { member: assignee } })
    })

    it('offers it to the member who has it where that is the same queue', async () => {
      const { first, assignee } = await routedAgain('commercial')
      expect(assignee).toBe(first)
    })
  })

  it('row 10: a rejection raises a feedback event with the source of the lead, and the member gets another turn', async () => {
    await world.tell('touchpoint.recorded', {
      visitor: 'v',
      kind: 'ad-click',
      channel: 'paid_search',
      campaign: 'spring',
    })
    await capture('l', { visitor: 'v' })
    await world.tell('lead.engaged', { lead: 'l', kind: 'reply' })
    const { handoff, assignee } = offerOf(await world.lead('l'))
    await world.command({ type: 'handoff.reject', lead: 'l', handoff, reason: rejection }, assignee!)
    expect((await world.lead('l')).at(-1)).toMatchObject({
      type: 'handoff.feedback-raised',
      data: { handoff, reason: rejection, channel: 'paid_search', campaign: 'spring' },
    })
    expect((await world.queue('commercial')).at(-1)!.event).toMatchObject({
      type: 'queue.credited',
      data: { member: assignee, reason: rejection },
    })
  })

  it('row 76: a rejection does not name the source of a touch for which there was no consent to attribution', async () => {
    await world.tell('person.consent-recorded', { person: 'p', purposes: { attribution: false } })
    await world.wait(1000)
    const ad = { kind: 'ad-click', channel: 'paid_search' }
    await world.tell('touchpoint.recorded', { visitor: 'v', ...ad })
    await world.tell('visitor.identified', { visitor: 'v', person: 'p' })
    await world.tell('touchpoint.recorded', { visitor: 'w', ...ad, consent: { attribution: false } })
    for (const [lead, of] of [
      ['l', { person: 'p' }],
      ['m', { visitor: 'w' }],
    ] as const) {
      await capture(lead, of)
      await world.tell('lead.engaged', { lead, kind: 'reply' })
      const { handoff, assignee } = offerOf(await world.lead(lead))
      await world.command({ type: 'handoff.reject', lead, handoff, reason: rejection }, assignee!)
      const { type, data } = (await world.lead(lead)).at(-1)!
      expect(type).toBe('handoff.feedback-raised')
      expect(data).not.toHaveProperty('channel')
    }
  })

  it('offers a lead to the queue itself where nobody has room', async () => {
    for (let i = 0; i < 200; i++) {
      await capture(`l${i}`)
      await world.tell('lead.engaged', { lead: `l${i}`, kind: 'reply' })
    }
    const offers = await Promise.all(Array.from({ length: 200 }, async (_, i) => offerOf(await world.lead(`l${i}`))))
    expect(offers.filter(({ assignee }) => assignee !== undefined)).toHaveLength(160)
    expect(offers.at(-1)).toMatchObject({ queue: 'commercial', fallback: 'silva' })
  })

  it('leaves imported history alone', async () => {
    await capture('l')
    await world.tell('lead.engaged', { lead: 'l', kind: 'reply' }, { importid: 'i1' })
    expect(await world.types('l')).toEqual(['lead.captured', 'lead.engaged'])
  })

  const acme = { account: 'acme', company: 'Acme Software GmbH', domains: ['acme.com'] }

  it('row 12: matches the person of a lead to a company, with the rule and the fields it matched on, once', async () => {
    await world.tell('account.recorded', acme)
    const told = await capture('l', { person: 'p', properties: { domain: 'ACME.com', company: 'Acme Software' } })
    const match = {
      person: 'p',
      account: 'acme',
      rule: 'domain-and-company',
      ruleVersion: 1,
      fields: ['domain', 'company'],
      because: [told],
    }
    expect(await world.matches('p')).toEqual([match])
    await world.tell('lead.enriched', { lead: 'l', properties: { company: 'ACME Software Inc.' } })
    await capture('m', { person: 'p', properties: { domain: 'acme.com' } })
    await world.tell('account.recorded', { ...acme, owner: 'kim' })
    expect(await world.matches('p')).toEqual([match])
  })

  it('row 12: matches when the person is known, when the company is recorded, and when the lead tells another place of work', async () => {
    await capture('l', { visitor: 'v', properties: { company: 'Umbrella' } })
    await world.tell('visitor.identified', { visitor: 'v', person: 'p' })
    expect(await world.matches('p')).toEqual([])
    await world.tell('account.recorded', { account: 'umbrella', company: 'Umbrella Inc.' }, { importid: 'i1' })
    expect(await world.matches('p')).toMatchObject([{ account: 'umbrella', rule: 'company', fields: ['company'] }])
    await world.tell('account.recorded', acme)
    await world.tell('lead.enriched', { lead: 'l', properties: { domain: 'acme.com' } })
    expect((await world.matches('p')).slice(1)).toMatchObject([{ account: 'acme', rule: 'domain', fields: ['domain'] }])
    await world.tell('visitor.identified', { visitor: 'v', person: 'p' })
    await capture('later', { visitor: 'w', properties: { company: 'Acme Software' } })
    await world.tell('visitor.identified', { visitor: 'w', person: 'q' })
    expect(await world.matches('q')).toMatchObject([{ account: 'acme', rule: 'company' }])
    expect(await world.matches('p')).toHaveLength(2)
  })

  it('row 12: follows the latest lead of a person, whatever else happens with an earlier one', async () => {
    await world.tell('account.recorded', acme)
    await world.tell('account.recorded', { account: 'umbrella', company: 'Umbrella' })
    await capture('l', { person: 'p', visitor: 'v', properties: { company: 'Umbrella' } })
    await capture('m', { person: 'p', properties: { domain: 'acme.com' } })
    await world.tell('lead.engaged', { lead: 'l', person: 'p', kind: 'reply' })
    await world.tell('visitor.identified', { visitor: 'v', person: 'p' })
    expect((await world.matches('p')).map((one) => (one as { account: string }).account)).toEqual(['umbrella', 'acme'])
  })

  it('row 12: never matches by a domain of free mail, and of several companies takes the one recorded first', async () => {
    await world.tell('account.recorded', { account: 'careless', company: 'Careless', domains: ['gmail.com'] })
    await world.tell('account.recorded', { account: 'z', domains: ['group.com'] })
    await world.tell('account.recorded', { account: 'a', domains: ['group.com'] })
    await capture('l', { person: 'p', properties: { domain: 'gmail.com' } })
    await capture('m', { person: 'q', properties: { domain: 'group.com' } })
    await capture('n', { person: 'r', properties: { domain: 'mail.group.com' } })
    expect(await world.matches('p')).toEqual([])
    expect(await world.matches('q')).toMatchObject([{ account: 'z' }])
    expect(await world.matches('r')).toEqual([])
  })

  it('row 12: routes by the company that the person was matched to, the very match that is recorded', async () => {
    const named = new World({
      ...rules,
      routings: rules.routings.map((routing) => ({
        ...routing,
        rules: [
          { where: { field: 'account', is: 'acme' }, queue: 'enterprise', deadline: '4h', fallback: 'okoye' },
          ...routing.rules,
        ],
      })),
    })
    await named.begin()
    await named.tell('account.recorded', acme)
    for (const [lead, person, company] of [
      ['l', 'p', 'Acme Software'],
      ['m', 'q', 'Nobody'],
    ] as const) {
      const properties = { segment: 'small', origin: 'signup', company }
      await named.tell('lead.captured', { lead, person, properties })
      await named.tell('lead.engaged', { lead, kind: 'reply' })
    }
    expect(await named.matches('p')).toMatchObject([{ account: 'acme' }])
    expect(offerOf(await named.lead('l'))).toMatchObject({ fallback: 'okoye' })
    expect(offerOf(await named.lead('m'))).toMatchObject({ fallback: 'silva' })
    // match and qualification follow from one event, and are recorded at one instant
    await named.tell('touchpoint.recorded', { visitor: 'v', kind: 'form' })
    await named.tell('touchpoint.recorded', { visitor: 'v', kind: 'form' })
    const properties = { segment: 'small', origin: 'signup', company: 'Acme Software' }
    await named.tell('lead.captured', { lead: 'n', person: 'r', visitor: 'v', properties })
    expect(offerOf(await named.lead('n'))).toMatchObject({ fallback: 'okoye' })
  })

  it('comes to the same decisions whatever was recorded twice and whatever was repeated', async () => {
    await capture('l')
    await world.tell('lead.engaged', { lead: 'l', kind: 'reply' })
    const before = await world.lead('l')
    await world.tell('lead.engaged', { lead: 'l', kind: 'reply' })
    expect((await world.types('l')).filter((type) => /qualified|offered/.test(type))).toHaveLength(2)
    expect(await world.lead('l')).toHaveLength(before.length + 1)
  })
})

/** A lead that was qualified, offered and accepted; gives who took it. */
async function accepted(world: World, lead: string): Promise<string> {
  await world.tell('lead.captured', { lead, properties: { segment: 'small', origin: 'signup' } })
  await world.tell('lead.engaged', { lead, kind: 'reply' })
  const { handoff, assignee } = offerOf(await world.lead(lead))
  await world.command({ type: 'handoff.accept', lead, handoff, owner: assignee! }, assignee!)
  return assignee!
}

const recycling = rules.reasons.find(({ id }) => id === 'recycled')!.reasons.find(({ note }) => !note)!.id
const rejection = rules.reasons.find(({ id }) => id === 'rejected')!.reasons.find(({ note }) => !note)!.id
