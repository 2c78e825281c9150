import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from '@jest/globals'
import { Type } from '@sinclair/typebox'
import { catalogue, typeOf, upcast, upcastRecord } from './catalogue.js'
import type { Envelope, Recorded } from './envelope.js'
import { dataschemaOf, eventType } from './event-type.js'
import { upcastTo } from './upcast.js'
import { assertSchema, schemaOf } from './validation/schema.js'
import { eventValidator, validateEvent } from './validation/validate.js'

const golden = new URL('golden/', import.meta.url)
const versions = catalogue.flatMap((type) => Array.from({ length: type.version }, (_, i) => ({ type, version: i + 1 })))
const fileOf = (name: string, version: number) => `${name}.v${version}.json`
const sample = (name: string, version: number) =>
  JSON.parse(readFileSync(new URL(fileOf(name, version), golden), 'utf8')) as Envelope<string, Record<string, unknown>>

describe('Every version of every event type', () => {
  it('has a golden sample, and no sample is without one', () => {
    expect(readdirSync(golden).sort()).toEqual(versions.map(({ type, version }) => fileOf(type.name, version)).sort())
  })

  it.each(versions.map(({ type, version }) => [dataschemaOf(type, version), type, version] as const))(
    '%s is still valid as it always was, with all its fields, enters from outside if it is an observation, and is read as the current version',
    (dataschema, type, version) => {
      const event = sample(type.name, version)
      expect(event.dataschema).toBe(dataschema)
      expect(Object.keys(event.data).sort()).toEqual(Object.keys(schemaOf(type, version).properties).sort())
      const validation = validateEvent(event, { source: '/other', receivedAt: 0 })
      if (type.kind === 'decision') expect(validation).toMatchObject({ ok: false, code: 'FORBIDDEN' })
      else expect(validation).toEqual({ ok: true, event, minted: false, timeSupplied: false, schemaSupplied: false })
      expect(() => assertSchema(type, version, event.data)).not.toThrow()
      const current = upcast(event)
      expect(current.dataschema).toBe(dataschemaOf(type))
      expect(() => assertSchema(type, type.version, current.data)).not.toThrow()
    },
  )
})

describe('The catalogue', () => {
  it('has one type of each name, and observations have ranks of their own but for the two ends of a deal', () => {
    expect(new Set(catalogue.map(({ name }) => name)).size).toBe(catalogue.length)
    const ranks = catalogue
      .filter(({ name, kind }) => name !== 'deal.lost' && kind === 'observation')
      .map(({ rank }) => rank)
    expect(new Set(ranks).size).toBe(ranks.length)
    expect(typeOf('deal.won')?.name).toBe('deal.won')
    expect(typeOf('toString')).toBeUndefined()
  })

  it('refuses to read a type or a version it does not know', () => {
    const event = sample('deal.won', 1)
    expect(() => upcast({ ...event, type: 'deal.exploded' })).toThrow('deploy readers before writers')
    for (const dataschema of ['deal.won:2', 'deal.won:0', 'deal.won:01', 'deal.won:', 'deal.lost:1', 'deal.won'])
      expect(() => upcast({ ...event, dataschema })).toThrow('deploy readers before writers')
  })
})

const deal = Type.String()
const first = Type.Object({ deal, euros: Type.Number() }, { additionalProperties: false })
const second = Type.Object({ deal, cents: Type.Integer() }, { additionalProperties: false })
const third = Type.Object({ deal, minor: Type.Integer(), currency: Type.String() }, { additionalProperties: false })
const priced = eventType({
  name: 'deal.priced',
  title: 'A type whose schema changed twice.',
  kind: 'observation',
  category: 'deal',
  key: 'deal',
  rank: 1,
  version: 3,
  schema: third,
  earlier: [first, second],
  upcasters: [
    ({ euros, ...rest }) => ({ ...rest, cents: Math.round(Number(euros) * 100) }),
    ({ cents, ...rest }) => ({ ...rest, minor: cents, currency: 'EUR' }),
  ],
})

describe('A type with earlier versions', () => {
  const validate = eventValidator([priced])
  const raw = (dataschema: string | undefined, data: object) => ({ id: 'a', type: 'deal.priced', dataschema, data })
  const defaults = { source: '/crm', receivedAt: 0 }

  it('takes each of them, records it as sent, and reads it as the current one, step by step', () => {
    const sent = [
      raw('deal.priced:1', { deal: 'd', euros: 10.01 }),
      raw('deal.priced:2', { deal: 'd', cents: 1001 }),
      raw('deal.priced:3', { deal: 'd', minor: 1001, currency: 'EUR' }),
      raw(undefined, { deal: 'd', minor: 1001, currency: 'EUR' }),
    ]
    const checked = sent.map((event) => validate(event, defaults))
    for (const [i, result] of checked.entries()) {
      if (!result.ok) throw new Error(result.message)
      expect(result.event.data).toEqual(sent[i]!.data)
      expect(upcastTo(priced, result.event)).toMatchObject({
        dataschema: 'deal.priced:3',
        data: { deal: 'd', minor: 1001, currency: 'EUR' },
      })
    }
  })

  it('checks data against the version it names', () => {
    expect(validate(raw('deal.priced:1', { deal: 'd', cents: 1 }), defaults)).toMatchObject({
      ok: false,
      code: 'INVALID',
    })
    expect(validate(raw(undefined, { deal: 'd', euros: 1 }), defaults)).toMatchObject({ ok: false })
    expect(validate(raw('deal.priced:4', { deal: 'd' }), defaults)).toMatchObject({
      ok: false,
      field: 'dataschema',
      message: expect.stringContaining('deal.priced:1 to :3'),
    })
  })

  it('leaves the current version untouched, and the rest of a record', () => {
    const record: Recorded = {
      topic: 'deals',
      partition: 0,
      position: 1,
      stream: 'deal-d',
      version: 1,
      recorded: 5,
      event: sample('deal.won', 1),
    }
    expect(upcastRecord(record)).toBe(record)
    const old = sample('deal.lost', 1)
    expect(upcastRecord({ ...record, event: old })).toEqual({ ...record, event: upcast(old) })
  })

  it('cannot be declared without its earlier schemas and upcasters, or with a key it has not', () => {
    expect(() => eventType({ ...priced, upcasters: [] })).toThrow('needs 2 earlier schemas and upcasters')
    expect(() => eventType({ ...priced, key: 'lead' })).toThrow('key lead is not a field')
  })
})
