import { describe, expect, it } from '@jest/globals'
import { formatOf } from './format.js'

describe('The format of a body', () => {
  it.each([
    ['application/json', 'batch'],
    ['Application/JSON; charset=UTF-8', 'batch'],
    ['text/plain;charset=utf-8', 'batch'],
    ['application/cloudevents+json; charset="utf-8"', 'batch'],
    ['application/cloudevents-batch+json', 'batch'],
    ['application/x-ndjson', 'lines'],
  ])('%s is taken', (type, layout) => {
    expect(formatOf(type, undefined)).toEqual({ layout, gzip: false })
    expect(formatOf(type, 'GZIP')).toEqual({ layout, gzip: true })
    expect(formatOf(type, 'identity')).toEqual({ layout, gzip: false })
  })

  it.each([
    [undefined, undefined],
    ['application/x-www-form-urlencoded', undefined],
    ['application/json; charset=latin1', undefined],
    ['application/json', 'br'],
    ['application/json', 'gzip, gzip'],
  ])('%s with encoding %s is not, and the answer says what is', (type, encoding) => {
    expect(() => formatOf(type, encoding)).toThrow(
      expect.objectContaining({
        message: expect.stringContaining('send'),
        details: expect.objectContaining({ status: 415 }),
      }),
    )
  })
})
