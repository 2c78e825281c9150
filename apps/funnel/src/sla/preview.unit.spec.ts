import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals'
import { asJson, asText, previewOf, type Asked } from './deadlines.js'
import { slaCommand } from './command.js'

let folder: string
const now = Date.parse('2026-10-20T09:00Z')
const head = (id: string) =>
  `id: ${id}\nversion: 1\nname: Response\ndescription: It.\nowners: { marketing: Mia, sales: Sam }\n`
const week = ['mon', 'tue', 'wed', 'thu', 'fri'].map((day) => `${day}: [{ from: '09:00', to: '17:00' }]`).join(', ')

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'funnel-sla-'))
  const write = (name: string, text: string) => writeFileSync(join(folder, name), text)
  for (const name of ['teams', 'calendars']) mkdirSync(join(folder, name))
  write('teams/dach.yaml', `${head('dach')}side: sales\nmanager: ines\nmembers: [ines, jan]\n`)
  write(
    'calendars/berlin.yaml',
    `${head('berlin')}zone: Europe/Berlin\nweek: { ${week} }\nholidays: { country: DE, region: BE }\nteams: [dach]\n` +
      `people: [{ person: jan, exceptions: [{ from: '2026-10-26', to: '2026-10-30', working: false }] }]\n`,
  )
  write(
    'response.yaml',
    `${head('response')}party: sales\nstarts: [{ event: [handoff.accepted] }]\nstops: [{ event: [lead.advanced] }]\nrecurs: once
terms:
  - where: { field: properties.segment, is: enterprise }
    target: 2h
    calendar: { of: owner, otherwise: berlin }
    warnings: [{ before: 30m }]
    escalations: [{ after: 0s }, { after: 4h }]
  - target: 24h\n`,
  )
  write(
    'volume.yaml',
    `${head('volume')}party: marketing\nevery: { period: month, zone: Europe/Berlin }\npromise:
  of: { event: [handoff.accepted] }\n  among: { event: [handoff.accepted, handoff.rejected] }\n  at_least: 0.57\n  sample: 20\n`,
  )
})
afterAll(() => rmSync(folder, { recursive: true }))

const preview = (file: string, asked: Partial<Asked> = {}) =>
  previewOf(join(folder, file), [folder], { owner: undefined, at: undefined, now, ...asked })
/** What the clocks of some terms come to, by moment, in the zone of the calendar. */
const local = (file: string, terms: number, asked?: Partial<Asked>) =>
  Object.fromEntries(
    asJson(preview(file, asked)).terms[terms]!.moments.map(({ moment, marks }) => [
      moment,
      marks.map((mark) => `${mark.what} ${mark.local!.slice(0, 16)}`),
    ]),
  )

describe('row 18: the preview of a policy', () => {
  it('shows what clocks come to from moments that are easily reckoned wrong', () => {
    expect(local('response.yaml', 0)).toEqual({
      now: [
        'starts 2026-10-20T11:00',
        'warning 30m before 2026-10-20T12:30',
        'due 2026-10-20T13:00',
        'escalation 0s after 2026-10-20T13:00',
        'escalation 4h after 2026-10-20T17:00',
      ],
      'Friday afternoon': [
        'starts 2026-10-23T16:30',
        'warning 30m before 2026-10-26T10:00',
        'due 2026-10-26T10:30',
        'escalation 0s after 2026-10-26T10:30',
        'escalation 4h after 2026-10-26T14:30',
      ],
      weekend: expect.arrayContaining(['starts 2026-10-24T12:00', 'due 2026-10-26T11:00']),
      'day before clocks change': expect.arrayContaining(['starts 2026-10-24T12:00']),
      'day clocks change': expect.arrayContaining(['starts 2026-10-25T12:00', 'due 2026-10-26T11:00']),
      // the next holiday from Monday to Friday
      'day off': expect.arrayContaining(['starts 2026-12-25T10:00', 'due 2026-12-28T11:00']),
    })
  })

  it('counts all time where there is no calendar, also where clocks change', () => {
    const { terms } = asJson(preview('response.yaml', { at: Date.parse('2026-10-24T12:00+02:00') }))
    expect(terms[1]).toEqual({
      title: 'all other leads: 24h',
      zone: 'UTC',
      moments: [
        {
          moment: 'then',
          marks: [
            { what: 'starts', at: '2026-10-24T10:00:00.000Z', local: '2026-10-24T10:00:00.000Z' },
            { what: 'due', at: '2026-10-25T10:00:00.000Z', local: '2026-10-25T10:00:00.000Z' },
          ],
        },
      ],
    })
  })

  it('row 17: is by the hours of the owner, who may be on leave', () => {
    const at = Date.parse('2026-10-23T14:30Z')
    expect(local('response.yaml', 0, { owner: 'jan', at })['then']).toContain('due 2026-11-02T10:30')
    expect(local('response.yaml', 0, { owner: 'ines', at })['then']).toContain('due 2026-10-26T10:30')
    expect(local('response.yaml', 0, { owner: 'jan' })['day off']).toContain('due 2026-11-02T11:00')
    expect(preview('response.yaml', { owner: 'jan' }).blocks.map(({ calendar }) => calendar)).toEqual([
      'berlin@1/jan',
      undefined,
    ])
  })

  it('row 27: shows the periods of a promise about them, each once', () => {
    expect(local('volume.yaml', 0)).toEqual({
      now: ['begins 2026-10-01T00:00', 'over, and judged 2026-11-01T00:00'],
    })
    expect(preview('volume.yaml').blocks[0]!.title).toBe(
      'every month: at least 57 % handoff.accepted among handoff.accepted or handoff.rejected, from 20 on',
    )
  })

  it('names the policy and the hours, and gives each instant in their zone and in UTC', () => {
    const text = asText(preview('response.yaml', { at: Date.parse('2026-10-23T14:30Z') }))
    expect(text).toContain('response version 1: Response, promised by sales')
    expect(text).toContain('properties.segment is enterprise: 2h of berlin@1\n')
    expect(text).toMatch(/^from +what +Europe\/Berlin +in UTC$/m)
    expect(text).toMatch(/ due +Mon 2026-10-26 10:30:00 \+01:00 +2026-10-26 09:30:00Z$/m)
  })
})

describe('a preview that cannot be', () => {
  it('names every mistake in the policy, and what there is', () => {
    expect(() => preview('nothing.yaml')).toThrow(/nothing\.yaml:1: cannot be read: .*no such file/)
    expect(() => preview('teams/dach.yaml')).toThrow(/dach\.yaml:1: the definition lacks party\n/)
    expect(() => preview('response.yaml', { owner: 'eve' })).toThrow('--owner eve is in no team; there are ines, jan')
    writeFileSync(
      join(folder, 'broken.yaml'),
      `${head('broken')}party: sales\nstarts: [{ event: [handoff.accepted] }]\nstops: [{ event: [lead.advanced] }]\nrecurs: once\nterms:\n  - target: 1h\n    calendar: { id: bonn }\n`,
    )
    expect(() => preview('broken.yaml')).toThrow(/broken\.yaml:12: there is no calendar bonn; there are berlin, office/)
  })
})

describe('funnel sla preview', () => {
  it('prints it, as text or as JSON', async () => {
    const out: string[] = []
    const write = jest.spyOn(process.stdout, 'write').mockImplementation((text) => out.push(String(text)) > 0)
    const run = async (...args: string[]) => {
      out.length = 0
      await slaCommand()
        .exitOverride()
        .parseAsync(['preview', join(folder, 'response.yaml'), folder, '--at', '2026-10-23T14:30Z', ...args], {
          from: 'user',
        })
      return out.join('')
    }
    try {
      const asked = { at: Date.parse('2026-10-23T14:30Z'), owner: 'jan' }
      expect(JSON.parse(await run('--owner', 'jan', '--json'))).toEqual(asJson(preview('response.yaml', asked)))
      expect(await run('--owner', 'jan')).toBe(`${asText(preview('response.yaml', asked))}\n`)
      await expect(run('--at', 'soon')).rejects.toThrow('--at soon is no time')
    } finally {
      write.mockRestore()
    }
  })
})
