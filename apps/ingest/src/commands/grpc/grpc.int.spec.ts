import { createRequire } from 'node:module'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Client, credentials, makeClientConstructor, Metadata, status, type ServiceError } from '@grpc/grpc-js'
import { loadSync, type ServiceDefinition } from '@grpc/proto-loader'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { mintId } from '@funnel/events'
import { freePort } from '@funnel/platform'
import {
  CommandServiceService,
  createCommandClient,
  ExecuteRequest,
  type CommandClient,
  type Init,
} from '@funnel/query-api'
import { running, type Running } from '../../testing/ingest.js'
import { commands } from '../table.js'
import { typeOfCase } from './wire.js'

const TOKEN = 'a-token-of-this-spec'
type Told = NonNullable<Init<ExecuteRequest>['command']>

let ingest: Running
let address: string
let client: CommandClient
beforeAll(async () => {
  const port = await freePort()
  address = `127.0.0.1:${port}`
  ingest = await running({ GRPC_PORT: String(port), FUNNEL_TOKEN: TOKEN })
  client = createCommandClient(address, { token: ingest.commandKey, deadline: 10_000 })
})
afterAll(async () => {
  client?.close()
  await ingest?.close()
})

const give = (command: Told, more: Init<ExecuteRequest> = {}) =>
  client.execute({ idempotencyKey: mintId(), command, ...more })
const captured = (lead: string) => ingest.send({ type: 'lead.captured', id: `captured-${lead}`, data: { lead } })
const streamOf = async (stream: string) =>
  (
    await ingest.pool.query<{ type: string; data: object; actor: string | null; source: string }>(
      `select type, envelope -> 'data' as data, envelope ->> 'actor' as actor, envelope ->> 'source' as source
       from store.event where stream = $1 order by version`,
      [stream],
    )
  ).rows

describe('CommandService', () => {
  it('has a command in the .proto file for every one that there is, under the same name', () => {
    const proto = readFileSync(
      join(import.meta.dirname, '../../../../../libs/query-api/proto/funnel/v1/command.proto'),
      'utf8',
    )
    const [, oneof] = /oneof command \{([^}]*)\}/.exec(proto)!
    const cases = [...oneof!.matchAll(/^\s+\w+ (\w+) = \d+;$/gm)].map(([, name]) =>
      name!.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()),
    )
    expect(cases.map((name) => typeOfCase(name as Told['$case'])).toSorted()).toEqual(Object.keys(commands).toSorted())
  })

  it('answers after commit with what was recorded, and with the first answer when it is repeated', async () => {
    await captured('a')
    const request: Init<ExecuteRequest> = {
      idempotencyKey: mintId(),
      expectedVersion: 1,
      actor: 'ann',
      command: { $case: 'leadAdvance', value: { lead: 'a', stage: 'mql' } },
    }
    const { alreadyRecorded, events } = await client.execute(request)
    expect(alreadyRecorded).toBe(false)
    expect(events).toEqual([
      {
        id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        type: 'lead.advanced',
        stream: 'lead-a',
        version: 2,
        recordedAt: expect.any(Date),
      },
    ])
    expect(await client.execute(request)).toEqual({ alreadyRecorded: true, events })
    expect((await streamOf('lead-a')).slice(1)).toEqual([
      { type: 'lead.advanced', data: { lead: 'a', stage: 'mql' }, actor: 'ann', source: '/crm' },
    ])
  })

  it('is the same as over HTTP: one key, one command, whichever door it comes by', async () => {
    await captured('both')
    const key = mintId()
    await give({ $case: 'leadAdvance', value: { lead: 'both', stage: 'mql' } }, { idempotencyKey: key })
    const command = { type: 'lead.advance', lead: 'both', stage: 'mql' }
    const repeated = await ingest.command(command, { 'idempotency-key': key })
    expect(await repeated.json()).toMatchObject({ repeated: true, events: [{ version: 2 }] })
    const other = await ingest.command({ ...command, stage: 'sql' }, { 'idempotency-key': key })
    expect(other.status).toBe(409)
  })

  it('takes times, money, lists, properties and notes as they are meant', async () => {
    await captured('offered')
    const deadline = new Date(Date.now() + 86_400_000)
    await give({ $case: 'handoffOffer', value: { lead: 'offered', handoff: 'h', queue: 'q', deadline } })
    expect((await streamOf('lead-offered'))[1]!.data).toEqual({
      lead: 'offered',
      handoff: 'h',
      queue: 'q',
      deadline: deadline.toISOString(),
    })
    await give({
      $case: 'dealOpen',
      value: {
        deal: 'd',
        amount: { minor: 105_400, currency: 'USD' },
        properties: {
          plan: { value: { $case: 'text', value: 'pro' } },
          seats: { value: { $case: 'number', value: 12.5 } },
          trial: { value: { $case: 'flag', value: false } },
          region: {},
        },
      },
    })
    expect((await streamOf('deal-d'))[0]!.data).toEqual({
      deal: 'd',
      amount: { minor: 105_400, currency: 'USD' },
      properties: { plan: 'pro', seats: 12.5, trial: false, region: null },
    })
    await give({
      $case: 'queueStaff',
      value: {
        queue: 'q',
        members: [
          { member: 'ann', weight: 2 },
          { member: 'bob', weight: 1, capacity: 3 },
        ],
      },
    })
    expect((await streamOf('queue-q'))[0]!.data).toEqual({
      queue: 'q',
      members: [
        { member: 'ann', weight: 2 },
        { member: 'bob', weight: 1, capacity: 3 },
      ],
    })
    await give({ $case: 'dealLose', value: { deal: 'd', reason: 'other', note: 'Went away.' } })
    const { rows } = await ingest.pool.query('select stream, body from vault.note')
    expect(rows).toEqual([{ stream: 'deal-d', body: 'Went away.' }])
  })

  it('tells what is against it with code, details and field', async () => {
    await captured('c')
    const owner = { $case: 'leadAdvance', value: { lead: 'c', stage: 'sql' } } as const
    await give(owner)
    await expect(give({ $case: 'leadAdvance', value: { lead: 'c', stage: 'mql' } })).rejects.toMatchObject({
      code: 'REJECTED',
    })
    await expect(give(owner, { expectedVersion: 0 })).rejects.toMatchObject({
      code: 'VERSION_CONFLICT',
      details: { stream: 'lead-c', expected: '0', actual: '2' },
    })
    await expect(give({ $case: 'leadAdvance', value: { lead: 'nobody', stage: 'mql' } })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    })
    const key = mintId()
    await give({ $case: 'leadAssign', value: { lead: 'c', owner: 'ann' } }, { idempotencyKey: key })
    await expect(
      give({ $case: 'leadAssign', value: { lead: 'c', owner: 'bob' } }, { idempotencyKey: key }),
    ).rejects.toMatchObject({ code: 'IDEMPOTENCY_CONFLICT' })
  })

  it.each<[string, Init<ExecuteRequest>, string]>([
    ['no key', { command: { $case: 'leadAdvance', value: { lead: 'a', stage: 'sql' } } }, 'idempotency_key'],
    ['no command', { idempotencyKey: 'k' }, 'type'],
    ['an empty field', { idempotencyKey: 'k', command: { $case: 'leadAdvance', value: { lead: 'a' } } }, 'stage'],
    [
      'a version below 0',
      { idempotencyKey: 'k', expectedVersion: -1, command: { $case: 'personErase', value: { person: 'p' } } },
      'expected_version',
    ],
    [
      'no deadline',
      { idempotencyKey: 'k', command: { $case: 'handoffOffer', value: { lead: 'a', handoff: 'h' } } },
      'deadline',
    ],
    ['no money', { idempotencyKey: 'k', command: { $case: 'dealChangeAmount', value: { deal: 'd' } } }, 'amount'],
    [
      'an event that is none',
      { idempotencyKey: 'k', command: { $case: 'leadAssign', value: { lead: 'a', owner: 'o', because: ['x'] } } },
      'because',
    ],
  ])('refuses %s, and says where', async (_, request, field) => {
    await expect(client.execute(request)).rejects.toMatchObject({ code: 'INVALID', details: { field } })
  })
})

describe('The gRPC server of ingest', () => {
  const called = (metadata: Metadata, deadline?: number): Promise<ServiceError> =>
    new Promise((resolve, reject) => {
      const raw = new Client(address, credentials.createInsecure())
      const { execute } = CommandServiceService
      raw.makeUnaryRequest(
        execute.path,
        execute.requestSerialize,
        execute.responseDeserialize,
        ExecuteRequest.fromPartial({ idempotencyKey: 'k', command: { $case: 'personErase', value: { person: 'p' } } }),
        metadata,
        deadline === undefined ? {} : { deadline },
        (error) => {
          raw.close()
          if (error) resolve(error)
          else reject(new Error('it was carried out'))
        },
      )
    })
  const bearer = (token: string) => {
    const metadata = new Metadata()
    metadata.set('authorization', `Bearer ${token}`)
    return metadata
  }

  it('lets in who has a key for commands or the admin token, and nobody else', async () => {
    expect(await called(new Metadata())).toMatchObject({ code: status.UNAUTHENTICATED })
    expect(await called(bearer('ck_guess'))).toMatchObject({ code: status.UNAUTHENTICATED })
    expect(await called(bearer(ingest.key))).toMatchObject({ code: status.PERMISSION_DENIED })
    expect(await streamOf('person-p')).toEqual([])
    const admin = createCommandClient(address, { token: TOKEN })
    const { events } = await admin.execute({
      idempotencyKey: 'k',
      command: { $case: 'personErase', value: { person: 'p' } },
    })
    expect(events).toHaveLength(1)
    expect(await streamOf('person-p')).toMatchObject([{ type: 'person.erased', source: 'admin' }])
    admin.close()
  })

  it('ends a call whose deadline has passed', async () => {
    expect(await called(bearer(ingest.commandKey), Date.now() - 1)).toMatchObject({ code: status.DEADLINE_EXCEEDED })
  })

  it('refuses a command that is too large', async () => {
    const note = 'x'.repeat(100_000)
    await expect(give({ $case: 'leadDisqualify', value: { lead: 'a', reason: 'other', note } })).rejects.toMatchObject({
      code: 'TOO_LARGE',
    })
  })

  it('tells its health without a key', async () => {
    const health = createRequire(import.meta.url)('grpc-health-check') as { protoPath: string }
    const definition = loadSync(health.protoPath)['grpc.health.v1.Health'] as ServiceDefinition
    const raw = new (makeClientConstructor(definition, 'Health'))(address, credentials.createInsecure())
    for (const service of ['', 'funnel.v1.CommandService']) {
      const answer = await new Promise((resolve, reject) => {
        ;(
          raw as unknown as Record<
            'check',
            (request: object, done: (error: Error | null, answer: unknown) => void) => void
          >
        ).check({ service }, (error, found) => (error ? reject(error) : resolve(found)))
      })
      expect(answer).toMatchObject({ status: 1 })
    }
    raw.close()
  })

  it('counts its calls', async () => {
    const text = await (await fetch(`${ingest.url}/metrics`, { headers: { 'x-funnel-token': TOKEN } })).text()
    for (const code of ['OK', 'INVALID_ARGUMENT', 'FAILED_PRECONDITION', 'ABORTED'])
      expect(text).toMatch(
        new RegExp(`funnel_ingest_call_seconds_count\\{.*method="CommandService.Execute".*code="${code}".*\\} [1-9]`),
      )
  })
})
