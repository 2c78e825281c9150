import { setTimeout as sleep } from 'node:timers/promises'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import type pg from 'pg'
import { SMTPServer, type SMTPServerOptions } from 'smtp-server'
import { Webhook } from 'standardwebhooks'
import { PostgresEventLog, postgresEventTail, startHeadReader } from '@funnel/event-log'
import { migrateStore, openEventStore, type EventStore } from '@funnel/event-store'
import { mintId, type Envelope } from '@funnel/events'
import { createLogger, createPool } from '@funnel/platform'
import { migrateReactor, startReactor, type Running } from '@funnel/reactor'
import { testDatabase, type TestDatabase } from '@funnel/testing'
import type { Destination } from './destinations/destination.js'
import { migrateNotify } from './migrations/index.js'
import { notificationsOf } from './notification.js'
import { deliver, notifier, notifierTopics } from './notifier.js'
import { listDeliveries, retryDeliveries, standing, type Delivery } from './queue/deliveries.js'
import { claim, register, settle } from './queue/queue.js'
import { giveUpRemoved, KEPT, REMOVED, removeOld } from './queue/removal.js'
import { sample, trySample } from './sample.js'
import { startSending, type Sending, type SendOptions } from './send-on.js'
import { sendEmail } from './send/email.js'
import { openSender, type Sender } from './send/sender.js'
import { startReceiver, type Answer, type Receiver } from './testing/receiver.js'
import { startUpkeep } from './upkeep.js'

const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
const logger = createLogger('test', 'silent')

describe('deliveries', () => {
  let database: TestDatabase
  let pool: pg.Pool
  let sender: Sender
  const closing: (() => Promise<void>)[] = []

  beforeEach(async () => {
    database = await testDatabase()
    await migrateNotify(database.url)
    pool = createPool(database.url, 'test', 8)
    sender = openSender({ allowPrivate: true, timeout: 2000 })
  })
  afterEach(async () => {
    for (const close of closing.splice(0).toReversed()) await close()
    await sender.close()
    await pool.end()
    await database.drop()
  })

  const receiver = async (answer?: (before: number) => Answer): Promise<Receiver> => {
    const one = await startReceiver(answer)
    closing.push(() => one.close())
    return one
  }
  const hook = (url: string, id = 'hook'): Destination => ({
    id,
    type: 'webhook',
    url,
    secret: SECRET,
    events: ['sla.breached'],
  })
  const slack = (url: string, id = 'desk'): Destination => ({ id, type: 'slack', url, events: ['sla.breached'] })
  const sending = (destinations: readonly Destination[], options: Partial<SendOptions> = {}): Sending => {
    const one = startSending({ pool, destinations, sender, logger, attempts: 3, pause: () => 0, ...options })
    closing.push(() => one.close())
    return one
  }
  const breached = (lead: string, data: object = {}): Envelope => ({
    specversion: '1.0',
    id: mintId(),
    source: '/test',
    type: 'sla.breached',
    dataschema: 'sla.breached:1',
    time: new Date().toISOString(),
    partitionkey: lead,
    data: {
      subject: lead,
      lead,
      clock: `lead-response/${lead}`,
      policy: 'lead-response',
      policyVersion: 1,
      party: 'sales',
      started: '2026-01-05T10:00:00.000Z',
      due: '2026-01-05T14:00:00.000Z',
      ...data,
    },
  })
  /** Makes the rows of so many breaches, each to all destinations. */
  const breach = async (count: number, ...destinations: Destination[]): Promise<void> => {
    for (let i = 0; i < count; i++)
      for (const command of notificationsOf(breached(`lead-${i}`) as never, destinations))
        await deliver(pool)({ command, cause: { id: command.event }, key: command.id, at: 0 })
  }
  const until = async <T>(look: () => Promise<T> | T, good: (value: T) => boolean): Promise<T> => {
    for (const end = Date.now() + 20_000; ; await sleep(20)) {
      const value = await look()
      if (good(value)) return value
      if (Date.now() > end) throw new Error(`not within 20 s: ${JSON.stringify(value)}`)
    }
  }
  const list = (): Promise<readonly Delivery[]> => listDeliveries(pool, { limit: 1000 })
  const all = (state: Delivery['state']) =>
    until(list, (deliveries) => deliveries.length > 0 && deliveries.every((one) => one.state === state))
  const ids = ({ received }: Receiver): string[] => received.map(({ headers }) => String(headers['webhook-id']))

  it('a webhook that fails is sent again with the same id and a signature that receivers verify', async () => {
    const server = await receiver((before) => (before === 0 ? [500, {}, 'secret words'] : [200]))
    const to = hook(`${server.url}/path`)
    await breach(1, to)
    const outcomes: string[] = []
    sending([to], { onOutcome: (type, outcome) => outcomes.push(`${type} ${outcome}`) })
    const [delivery] = await all('sent')
    expect(delivery).toMatchObject({ destination: 'hook', type: 'sla.breached', attempts: 2 })
    expect(ids(server)).toEqual([delivery!.id, delivery!.id])
    expect(outcomes).toEqual(['webhook retry', 'webhook sent'])
    const { body, headers } = server.received[1]!
    expect(new Webhook(SECRET).verify(body, headers as Record<string, string>)).toMatchObject({
      type: 'sla.breached',
      data: {
        event: delivery!.event,
        lead: 'lead-0',
        policy: 'lead-response',
        party: 'sales',
        due: '2026-01-05T14:00:00.000Z',
      },
    })
  })

  it('after the last attempt a notification is dead, with the reason, until it is retried', async () => {
    let broken = true
    const server = await receiver(() => (broken ? [500, {}, 'secret words'] : [200]))
    const to = hook(server.url)
    await breach(1, to)
    sending([to])
    const [dead] = await all('dead')
    expect(dead).toMatchObject({ attempts: 3, reason: 'answered 500 Internal Server Error' })
    expect(server.received).toHaveLength(3)
    expect(await standing(pool, ['hook'])).toEqual({ waiting: 0, dead: 1, oldest: 0 })
    expect(await listDeliveries(pool, { dead: true })).toEqual([dead])
    expect(await retryDeliveries(pool, { id: mintId() })).toBe(0)
    broken = false
    expect(await retryDeliveries(pool, { id: dead!.id })).toBe(1)
    const [sent] = await all('sent')
    expect(sent).toMatchObject({ id: dead!.id, attempts: 1 })
    expect(new Set(ids(server))).toEqual(new Set([dead!.id]))
    expect(await retryDeliveries(pool, 'dead')).toBe(0)
  })

  it('410 Gone is final', async () => {
    const server = await receiver(() => [410])
    await breach(1, hook(server.url))
    sending([hook(server.url)])
    expect(await all('dead')).toMatchObject([{ attempts: 1, reason: 'answered 410 Gone' }])
  })

  it('what a status says counts, however much the answer says beside it, and whether or not it ends', async () => {
    const much = 'x'.repeat(1 << 20)
    const quick = openSender({ allowPrivate: true, timeout: 500 })
    closing.push(() => quick.close())
    for (const [answer, attempt] of [
      [[410, {}, much], { ok: false, said: 'answered 410 Gone', final: true }],
      [[410, { 'content-length': String(much.length) }, much], { ok: false, said: 'answered 410 Gone', final: true }],
      [[429, { 'retry-after': '60' }, much], { ok: false, said: 'answered 429 Too Many Requests', retryAfter: 60_000 }],
      [[410, { 'content-length': '1000' }, 'xxx'], { ok: false, said: 'answered 410 Gone', final: true, body: 'xxx' }],
      [[200, { 'content-length': '1000' }, 'xxx'], { ok: true, said: 'answered 200 OK', body: 'xxx' }],
    ] as const) {
      const server = await receiver(() => answer)
      expect(await trySample(quick, hook(server.url))).toEqual({ body: 'x'.repeat(500), ...attempt })
    }
  })

  it('Retry-After is honoured for all that goes to the destination, and holds up no other', async () => {
    const busy = await receiver((before) => (before === 0 ? [429, { 'retry-after': '3600' }] : [200]))
    const other = await receiver()
    const [a, b] = [slack(busy.url, 'a'), hook(other.url, 'b')]
    await breach(1, a)
    sending([a, b])
    await until(list, ([one]) => one?.reason === 'answered 429 Too Many Requests')
    await breach(2, a, b)
    await until(
      () => other.received.length,
      (count) => count === 2,
    )
    const { rows } = await pool.query<{ open: boolean; due: boolean }>(
      `select d.open_at between clock_timestamp() + interval '59 min' and clock_timestamp() + interval '61 min' as open,
         exists (select from notify.delivery where destination = 'a' and attempts = 1 and due > clock_timestamp() + interval '59 min') as due
       from notify.destination d where id = 'a'`,
    )
    expect(rows).toEqual([{ open: true, due: true }])
    expect(busy.received).toHaveLength(1)
    // opened last: what waits is due together then, and so is one message
    await pool.query(`update notify.delivery set due = clock_timestamp() where state = 'waiting'`)
    await pool.query(`update notify.destination set open_at = clock_timestamp()`)
    await all('sent')
    expect(busy.received).toHaveLength(2)
  })

  it('what waits for one Slack destination is one message, of twenty at most', async () => {
    const server = await receiver()
    await breach(25, slack(server.url))
    sending([slack(server.url)])
    await all('sent')
    const blocks = server.received.map(({ body }) => (JSON.parse(body) as { blocks: unknown[] }).blocks.length)
    expect(blocks).toEqual([20, 5])
  })

  it('what cannot be put into words or signed is a failed attempt, and is given up as any other', async () => {
    const server = await receiver()
    const to: readonly Destination[] = [
      slack(server.url),
      { ...hook(server.url), secret: 'whsec_' } as Destination,
      {
        id: 'mail',
        type: 'email',
        server: 'smtp://127.0.0.1:1',
        from: 'a@b.c',
        to: ['a@b.c'],
        events: ['sla.breached'],
      },
    ]
    await breach(1, ...to)
    await pool.query(`update notify.delivery set type = 'sla.corrected'`) // of which the data say nothing
    sending(to, { lease: 100 })
    expect(await all('dead')).toMatchObject(to.map(() => ({ attempts: 3, reason: 'failed' })))
    expect(server.received).toEqual([])
  })

  it('what was sent by a process that died before it could say so is sent again with the same id', async () => {
    const server = await receiver()
    const to = hook(server.url)
    await breach(1, to)
    await register(pool, [to])
    const parcel = (await claim(pool, [to], 300))!
    expect((await sender.send(to, parcel.notifications)).ok).toBe(true)
    // nobody says how it went
    sending([to])
    const [sent] = await all('sent')
    expect(sent!.attempts).toBe(2)
    expect(ids(server)).toEqual([sent!.id, sent!.id])
    // the first comes back to life and believes that it failed
    await settle(pool, parcel.notifications[0]!, { state: 'waiting', reason: 'late', pause: 0 })
    expect(await list()).toMatchObject([{ state: 'sent' }])
  })

  it('two notifiers at once send each row once', async () => {
    const server = await receiver()
    const to = [hook(server.url, 'a'), hook(server.url, 'b')]
    await breach(100, ...to)
    sending(to)
    sending(to)
    const sent = await all('sent')
    expect(sent).toHaveLength(200)
    expect(ids(server).toSorted()).toEqual(sent.map(({ id }) => id).toSorted())
  })

  it('a destination that does not answer holds up no other', async () => {
    const silent = await receiver(() => undefined)
    const other = await receiver()
    const [a, b] = [hook(silent.url, 'a'), hook(other.url, 'b')]
    await breach(20, a)
    await breach(20, b)
    const patient = openSender({ allowPrivate: true, timeout: 60_000 })
    sending([a, b], { sender: patient })
    await until(
      () => [silent.received.length, other.received.length],
      ([waiting, done]) => waiting === 8 && done === 20,
    )
    expect((await list()).filter(({ destination, attempts }) => destination === 'a' && attempts > 0)).toHaveLength(8)
    await patient.close()
  })

  it('a redirect to a private address is not followed, and no private address is connected to', async () => {
    const inside = await receiver()
    const server = await receiver(() => [302, { location: inside.url }])
    await breach(1, hook(server.url))
    sending([hook(server.url)], { attempts: 1 })
    expect(await all('dead')).toMatchObject([{ reason: 'answered 302 Found; redirects are not followed' }])
    const closed = openSender({ allowPrivate: false })
    closing.push(() => closed.close())
    const { port } = new URL(inside.url)
    for (const origin of [
      'https://127.0.0.1',
      'https://localhost',
      'http://localhost',
      'https://[::ffff:127.0.0.1]',
      'https://2130706433',
      'https://[::1]',
    ])
      expect([origin, await trySample(closed, hook(`${origin}:${port}/`))]).toEqual([
        origin,
        { ok: false, said: 'the address is private, or of another range that is not connected to' },
      ])
    expect(inside.received).toEqual([])
  })

  it('an answer that never comes or never ends is a failure, and one that repeats secrets does not show them', async () => {
    const quick = openSender({ allowPrivate: true, timeout: 300 })
    closing.push(() => quick.close())
    const silent = await receiver(() => undefined)
    expect(await trySample(quick, hook(silent.url))).toEqual({ ok: false, said: 'no answer in time' })
    const endless = await receiver(() => [500, {}, 'x'.repeat(1 << 20)])
    expect(await trySample(sender, hook(endless.url))).toMatchObject({ ok: false })
    const echo = await startReceiver((_, { path }) => [404, {}, `Cannot POST ${path}\n\u001b[31m${SECRET}`])
    closing.push(() => echo.close())
    const { body } = await trySample(sender, hook(`${echo.url}/services/T0000000/B1111111?key=sesame-open`))
    expect(body).toBe('Cannot POST [secret] [31m[secret]')
  })

  const mailServer = async (options: SMTPServerOptions) => {
    const mails: { readonly to: string[]; readonly text: string }[] = []
    const server = new SMTPServer({
      authOptional: true,
      disabledCommands: ['STARTTLS'],
      onData: (stream, { envelope }, done) => {
        let text = ''
        stream.on('data', (chunk: Buffer) => (text += chunk.toString()))
        stream.on('end', () => {
          mails.push({ to: envelope.rcptTo.map(({ address }) => address), text })
          done(null, undefined)
        })
      },
      ...options,
    })
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
    closing.push(() => new Promise((resolve) => server.close(resolve)))
    return { port: (server.server.address() as AddressInfo).port, mails }
  }

  it('a mail goes out as plain text, with a Message-ID made of the stable id', async () => {
    let silent = false
    const { port, mails } = await mailServer({
      onAuth: ({ username, password }, _session, done) =>
        done(password === 'hunter2' ? null : new Error(`no ${password}`), { user: username }),
      onMailFrom: (_address, _session, done) => {
        if (!silent) done()
      },
    })
    const to = (password: string): Destination => ({
      id: 'mail',
      type: 'email',
      server: `smtp://funnel:${password}@127.0.0.1:${port}`,
      from: 'funnel@example.com',
      to: ['ops@example.com'],
      events: ['sla.breached'],
    })
    const wrong = await trySample(sender, to('sesame-open'))
    expect(wrong).toMatchObject({ ok: false, said: expect.stringMatching(/^EAUTH/) })
    expect(JSON.stringify(wrong)).not.toContain('sesame')
    silent = true
    const impatient = openSender({ allowPrivate: true, timeout: 200 })
    expect(await trySample(impatient, to('hunter2'))).toEqual({ ok: false, said: 'no answer in time' })
    await impatient.close()
    silent = false
    mails.length = 0
    await breach(1, to('hunter2'))
    sending([to('hunter2')])
    const [sent] = await all('sent')
    expect(mails).toHaveLength(1)
    const [head, ...body] = mails[0]!.text.replaceAll('=\r\n', '').split('\r\n\r\n')
    expect(head).toContain(`Message-ID: <${sent!.id}@example.com>`)
    expect(head).toContain('Subject: Broken: lead-response, lead lead-0')
    expect(head).toContain('Content-Type: text/plain')
    expect(body[0]).toContain('due 2026-01-05 14:00 UTC')
    expect(body[1]).toContain(`event ${sent!.event}`)
  })

  it('a mail whose server cannot be read is a failed attempt, and is given up as any other', async () => {
    const to: Destination = {
      id: 'mail',
      type: 'email',
      server: 'smtp://funnel:sesame%ss@127.0.0.1:1',
      from: 'funnel@example.com',
      to: ['ops@example.com'],
      events: ['sla.breached'],
    }
    expect(await sendEmail(to, sample('mail', Date.now()))).toEqual({ ok: false, said: 'failed' })
    await breach(1, to)
    sending([to], { lease: 100 })
    expect(await all('dead')).toMatchObject([{ attempts: 3, reason: 'failed' }])
  })

  it('a mail that is not taken for some of its recipients is sent again to those alone', async () => {
    const refused = new Map([
      ['busy@bücher.example', 450],
      ['gone@example.com', 550],
    ])
    const { port, mails } = await mailServer({
      onRcptTo: ({ address }, _session, done) => {
        const responseCode = refused.get(address)
        done(responseCode ? Object.assign(new Error(`no ${address}`), { responseCode }) : null)
      },
    })
    const to: Destination = {
      id: 'mail',
      type: 'email',
      server: `smtp://127.0.0.1:${port}`,
      from: 'funnel@example.com',
      to: ['Ann@EXAMPLE.com', 'busy@Bücher.example', 'gone@example.com', 'bob@bücher.example'],
      events: ['sla.breached'],
    }
    await breach(1, to)
    sending([to], { pause: (attempts) => (attempts === 1 ? 3_600_000 : 0) })
    const [waiting] = await until(list, ([one]) => one?.reason !== undefined)
    expect(waiting).toMatchObject({ state: 'waiting', reason: 'not taken for 2 of 4 recipients, answered 450' })
    refused.delete('busy@bücher.example')
    await pool.query('update notify.delivery set due = clock_timestamp()')
    const [dead] = await all('dead')
    expect(dead).toMatchObject({ attempts: 3, reason: 'EENVELOPE, answered 550' })
    expect(mails.map(({ to }) => to)).toEqual([['Ann@example.com', 'bob@bücher.example'], ['busy@bücher.example']])
    for (const { text } of mails) {
      expect(text).toContain(`Message-ID: <${dead!.id}@example.com>`)
      expect(text).toMatch(/^To: Ann@example\.com, .*gone@example\.com/m)
    }
    refused.clear()
    await retryDeliveries(pool, 'dead')
    await all('sent')
    expect(mails.slice(2).map(({ to }) => to)).toEqual([['gone@example.com']])
  })

  /** Moves what was made and what has ended so many days back. */
  const age = (days: number): Promise<unknown> =>
    pool.query(
      `update notify.delivery set created = created - $1 * interval '1 day', ended = ended - $1 * interval '1 day', due = due - $1 * interval '1 day'`,
      [days],
    )

  it('what was sent is removed after its time in small portions, what was given up later, and what waits never', async () => {
    const [good, gone, idle] = [await receiver(), await receiver(() => [410]), await receiver()]
    const to = [hook(good.url, 'good'), hook(gone.url, 'gone')]
    await breach(7, ...to)
    sending(to)
    const ended = await until(list, (deliveries) => deliveries.every(({ state }) => state !== 'waiting'))
    expect(ended).toHaveLength(14)
    await breach(1, hook(idle.url, 'idle'))
    await age(KEPT.sent - 1)
    expect(await removeOld(pool, Date.now(), 3)).toBe(0)
    await age(2)
    expect(await removeOld(pool, Date.now(), 3)).toBe(7)
    expect(Map.groupBy(await list(), ({ state }) => state).get('dead')).toHaveLength(7)
    await age(KEPT.dead)
    await retryDeliveries(pool, { id: ended.find(({ state }) => state === 'dead')!.id })
    await until(list, (deliveries) => deliveries.every(({ destination, due }) => destination === 'idle' || !due))
    expect(await removeOld(pool, Date.now(), 3)).toBe(6)
    expect((await list()).map(({ destination, state }) => `${destination} ${state}`).toSorted()).toEqual([
      'gone dead',
      'idle waiting',
    ])
  })

  it('what was made after the place up to which everything is taken in stays, however long ago it was sent', async () => {
    const to = hook((await receiver()).url)
    await breach(1, to)
    sending([to])
    const [{ created } = { created: '' }] = await all('sent')
    await age(1000)
    const made = Date.parse(created) - 1000 * 86_400_000
    expect(await removeOld(pool, made)).toBe(0)
    expect(await removeOld(pool, made + 1)).toBe(1)
  })

  it('what has waited an hour for a destination that was removed is given up, with the reason, and can be retried', async () => {
    const server = await receiver()
    const [kept, removed] = [hook(server.url, 'kept'), hook(server.url, 'removed')]
    await breach(2, kept, removed)
    expect(await giveUpRemoved(pool, ['kept'])).toEqual([]) // who knows the destination may be about to send
    await age(1)
    let takenIn: number | undefined
    const warnings: unknown[] = []
    const upkeep = startUpkeep({
      pool,
      destinations: [kept],
      takenIn: () => takenIn,
      logger: { ...logger, warn: (what: unknown) => warnings.push(what) } as never,
      every: 10,
    })
    closing.push(() => upkeep.close())
    takenIn = Date.now()
    const dead = await until(
      () => listDeliveries(pool, { dead: true }),
      ({ length }) => length > 0,
    )
    expect(dead).toMatchObject([
      { destination: 'removed', attempts: 0, reason: REMOVED },
      { destination: 'removed', attempts: 0, reason: REMOVED },
    ])
    await until(
      () => warnings,
      ({ length }) => length > 0,
    )
    expect(warnings).toEqual([{ destination: 'removed', count: 2 }])
    expect(await retryDeliveries(pool, 'dead')).toBe(2)
    sending([kept, removed])
    expect(await all('sent')).toHaveLength(4)
  })

  describe('as a projection of the log', () => {
    let store: EventStore
    let heads: ReturnType<typeof startHeadReader>
    beforeEach(async () => {
      await migrateStore(database.url)
      await migrateReactor(database.url)
      store = await openEventStore({ url: database.url })
      heads = startHeadReader({ url: database.url, logger })
      closing.push(async () => {
        await heads.close()
        await store.close()
      })
    })
    const to: Destination = hook('https://example.com')
    const project = async (execute = deliver(pool)): Promise<Running> => {
      const tail = postgresEventTail(pool)
      const log = new PostgresEventLog(pool, tail)
      const one = startReactor({
        reactor: notifier([to]),
        topics: notifierTopics,
        log,
        tail,
        url: database.url,
        pool,
        execute,
        logger,
      })
      closing.push(async () => {
        await one.close()
        await log.close()
      })
      await until(
        () => one.trouble,
        (trouble) => trouble === undefined,
      )
      return one
    }
    const tell = (...events: Envelope[]) => store.append({ events })

    it('what was recorded before it first ran makes no row, what is historical neither, and the rest one each', async () => {
      const old = breached('old')
      await tell(old)
      await until(
        () =>
          postgresEventTail(pool)
            .heads()
            .catch(() => undefined),
        (head) => head?.positions.sla?.some((position) => position > 0) === true,
      )
      const one = await project()
      expect(one.place!.positions.sla).toEqual((await postgresEventTail(pool).heads()).positions.sla)
      const fresh = breached('new')
      await tell(breached('imported', { historical: true }), fresh)
      await until(list, (deliveries) => deliveries.length > 0)
      await one.close()
      const later = breached('while nobody was there')
      await tell(later)
      await project()
      const rows = await until(list, (deliveries) => deliveries.length > 1)
      expect(rows.map(({ event, destination }) => [event, destination]).toReversed()).toEqual([
        [fresh.id, 'hook'],
        [later.id, 'hook'],
      ])
    })

    it('a batch that was not saved is repeated, and makes each row once', async () => {
      let failures = 0
      await project(async (intent) => {
        const outcome = await deliver(pool)(intent)
        if (failures++ < 2) throw new Error('killed between row and place')
        return outcome
      })
      const events = ['a', 'b', 'c'].map((lead) => breached(lead))
      for (const event of events) await tell(event)
      const rows = await until(list, (deliveries) => deliveries.length === 3)
      expect(failures).toBeGreaterThan(2)
      expect(rows.map(({ event }) => event).toSorted()).toEqual(events.map(({ id }) => id).toSorted())
    })
  })
})
