import { describe, expect, it } from '@jest/globals'
import { Ajv } from 'ajv'
import fc from 'fast-check'
import { holds, testsOf, type Condition, type FieldTest, type Value } from './condition.js'
import { condition, conditionsOver } from './schema.js'

const lead: Readonly<Record<string, Value>> = {
  country: 'DE',
  employees: 50,
  trial: true,
  zero: 0,
  empty: '',
  nothing: null,
  site: 'shop.example.co.uk',
}
const valueOf = (field: string) => lead[field]

describe('A test of a field', () => {
  it.each<[FieldTest, boolean]>([
    [{ field: 'country', is: 'DE' }, true],
    [{ field: 'country', is: 'de' }, false],
    [{ field: 'trial', is: true }, true],
    [{ field: 'trial', is: 'true' }, false],
    [{ field: 'empty', is: '' }, true],
    [{ field: 'employees', is: 50 }, true],
    [{ field: 'employees', is: '50' }, false],
    [{ field: 'country', in: ['AT', 'DE'] }, true],
    [{ field: 'country', in: ['AT', 'CH'] }, false],
    [{ field: 'country', starts_with: ['A', 'D'] }, true],
    [{ field: 'country', starts_with: ['E'] }, false],
    [{ field: 'employees', starts_with: ['5'] }, false],
    [{ field: 'site', domain: ['example.co.uk'] }, true],
    [{ field: 'site', domain: ['shop.example.co.uk'] }, true],
    [{ field: 'site', domain: ['ample.co.uk'] }, false],
    [{ field: 'site', domain: ['www.shop.example.co.uk'] }, false],
    [{ field: 'employees', at_least: 50 }, true],
    [{ field: 'employees', at_least: 51 }, false],
    [{ field: 'employees', at_most: 50 }, true],
    [{ field: 'employees', at_most: 49 }, false],
    [{ field: 'employees', at_least: 10, at_most: 99 }, true],
    [{ field: 'employees', at_least: 10, at_most: 20 }, false],
    [{ field: 'country', at_least: 0 }, false],
    [{ field: 'zero', at_most: 0 }, true],
    [{ field: 'zero', known: true }, true],
    [{ field: 'empty', known: true }, true],
    [{ field: 'nothing', known: true }, false],
    [{ field: 'nothing', known: false }, true],
    [{ field: 'absent', known: false }, true],
    [{ field: 'country', known: false }, false],
  ])('%j gives %s', (test, expected) => {
    expect(holds(test, valueOf)).toBe(expected)
  })

  it.each<FieldTest>([
    { field: 'absent', is: '' },
    { field: 'absent', in: ['DE'] },
    { field: 'absent', starts_with: [''] },
    { field: 'absent', domain: ['example.com'] },
    { field: 'absent', at_least: 0 },
    { field: 'nothing', at_most: 0 },
  ])('%j does not pass where there is no value, so not of it holds', (test) => {
    expect(holds(test, valueOf)).toBe(false)
    expect(holds({ not: test }, valueOf)).toBe(true)
  })
})

const test = fc.record(
  {
    field: fc.constantFrom(...Object.keys(lead), 'absent'),
    is: fc.constantFrom('DE', 50, true),
    in: fc.array(fc.constantFrom<string | number>('DE', 'AT', 50), { minLength: 1 }),
    at_least: fc.integer({ min: -1, max: 60 }),
    known: fc.boolean(),
  },
  { requiredKeys: ['field'] },
)
const { any } = fc.letrec<{ any: Condition }>((tie) => ({
  any: fc.oneof(
    { depthSize: 'small' },
    test,
    fc.record({ not: tie('any') }),
    fc.record({ all: fc.array(tie('any'), { maxLength: 3 }) }),
    fc.record({ any: fc.array(tie('any'), { maxLength: 3 }) }),
  ),
}))

describe('Conditions', () => {
  it('always hold or do not, and follow De Morgan', () => {
    fc.assert(
      fc.property(fc.array(any, { maxLength: 4 }), (parts) => {
        const each = parts.map((part) => holds(part, valueOf))
        expect(holds({ all: parts }, valueOf)).toBe(!each.includes(false))
        expect(holds({ any: parts }, valueOf)).toBe(each.includes(true))
        expect(holds({ not: { all: parts } }, valueOf)).toBe(
          holds({ any: parts.map((part) => ({ not: part })) }, valueOf),
        )
      }),
    )
  })

  it('depend on nothing but the fields that their tests name', () => {
    fc.assert(
      fc.property(any, (one) => {
        const named = new Set(testsOf(one).map(({ test }) => test.field))
        const only = (field: string) => (named.has(field) ? lead[field] : 'something else')
        expect(holds(one, only)).toBe(holds(one, valueOf))
      }),
    )
  })

  it('name the place of each test', () => {
    const one = { all: [{ field: 'a', is: 1 }, { not: { any: [{ field: 'b', is: 2 }] } }] }
    expect(testsOf(one, ['where'])).toEqual([
      { test: { field: 'a', is: 1 }, path: ['where', 'all', 0] },
      { test: { field: 'b', is: 2 }, path: ['where', 'all', 1, 'not', 'any', 0] },
    ])
  })
})

describe('The schema of conditions', () => {
  const ajv = new Ajv({ strict: false })
  const valid = ajv.compile({ $defs: conditionsOver('^(a|b)$', 'a or b'), ...condition })

  it.each<unknown>([
    { field: 'a', is: 1 },
    { field: 'b', in: ['x', 2, true] },
    { not: { all: [{ any: [{ field: 'a', known: false }] }] } },
    { field: 'a', starts_with: ['x'], domain: ['example.com'], at_least: 1.5, at_most: 2 },
  ])('takes %j', (one) => {
    expect(valid(one)).toBe(true)
  })

  it.each<unknown>([
    'a is 1',
    {},
    { field: 'a' },
    { field: 'c', is: 1 },
    { field: 'a', is: null },
    { field: 'a', in: [] },
    { field: 'a', matches: '(a+)+$' },
    { field: 'a', domain: ['example.'] },
    { all: [] },
    { all: [{ field: 'a', is: 1 }], any: [{ field: 'a', is: 1 }] },
    { not: [{ field: 'a', is: 1 }] },
  ])('refuses %j', (one) => {
    expect(valid(one)).toBe(false)
  })
})
