import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { funnelWith, startPlatform, type Platform } from './platform.js'

describe('funnel identity (rows 29, N9)', () => {
  let platform: Platform
  beforeAll(async () => {
    platform = await startPlatform({ automation: true })
  }, 180_000)
  afterAll(() => platform?.stop())

  const tell = async (...events: object[]) => {
    const response = await fetch(`${platform.ingest}/v1/events`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${platform.writeKey}` },
      body: JSON.stringify(events),
    })
    expect(await response.json()).toMatchObject({ accepted: events.length })
  }
  const funnel = (...args: string[]) =>
    funnelWith(
      { DATABASE_URL: platform.databaseUrl, FUNNEL_URL: platform.ingest, FUNNEL_COMMAND_KEY: platform.commandKey },
      'identity',
      ...args,
    ).then(
      (out) => ({ code: 0, out, err: '' }),
      ({ message, cause }: Error) => ({ code: (cause as { readonly code: number }).code, out: '', err: message }),
    )
  const json = async (...args: string[]) => {
    const { code, out } = await funnel(...args, '--json')
    return { code, answer: JSON.parse(out || 'null') as Record<string, unknown> }
  }
  const journey = async (lead: string) => {
    await platform.settled()
    return platform.query.listJourney({ subject: { $case: 'lead', value: lead }, pageSize: 1000 })
  }

  it('merges two ids, and takes that back, with the decisions that stay told before', async () => {
    // the lead fits, but only the other id was engaged
    await tell(
      { type: 'lead.captured', data: { lead: 'l', person: 'a', properties: { segment: 'small', origin: 'signup' } } },
      { type: 'visitor.identified', data: { visitor: 'v', person: 'b' } },
      { type: 'touchpoint.recorded', data: { visitor: 'v', kind: 'form', channel: 'social' } },
      { type: 'touchpoint.recorded', data: { visitor: 'v', kind: 'form', channel: 'social' } },
    )
    expect((await journey('l')).persons).toEqual(['a'])

    expect(await json('merge', 'a', 'b', '--dry-run')).toMatchObject({
      code: 0,
      answer: { dryRun: true, events: [{ type: 'person.merged' }, { type: 'person.absorbed' }] },
    })
    expect((await journey('l')).persons).toEqual(['a'])
    expect(await funnel('merge', 'a', 'b')).toMatchObject({
      code: 0,
      out: expect.stringContaining('b is a from now on'),
    })
    expect(await funnel('merge', 'a', 'b')).toMatchObject({ code: 0, out: expect.stringContaining('b is a already') })
    expect((await funnel('merge', 'a', 'a', '--dry-run')).code).toBe(2)
    expect((await funnel('merge', 'b', 'c', '--dry-run')).code).toBe(1)
    for (const end = Date.now() + 30_000; ; await sleep(100)) {
      if ((await journey('l')).events.some(({ type }) => type === 'lead.qualified')) break
      if (Date.now() > end) throw new Error('not qualified within 30 s')
    }

    const staying = {
      person: 'a',
      absorbed: 'b',
      dryRun: true,
      events: [],
      decisions: [{ type: 'lead.qualified', stream: 'lead-l', of: 'others', restsOnBoth: true }],
    }
    expect(await json('unmerge', 'b', '--dry-run')).toMatchObject({ code: 0, answer: staying })
    expect((await journey('l')).persons).toEqual(['a', 'b'])
    const { code, out } = await funnel('unmerge', 'b', '--reason', 'two people')
    expect([code, out]).toEqual([0, expect.stringMatching(/lead\.qualified +lead l +mql .*rests on both/)])
    const { persons, events } = await journey('l')
    expect(persons).toEqual(['a'])
    expect(events.map(({ type }) => type)).toContain('lead.qualified')
    expect(events.map(({ type }) => type)).not.toContain('touchpoint.recorded')

    expect((await funnel('unmerge', 'b', '--dry-run')).code).toBe(1)
    const refused = await funnel('unmerge', 'b', '--json')
    expect([refused.code, refused.err]).toEqual([1, expect.stringContaining('{"error":{"code":"REJECTED"')])
  }, 180_000)
})
