import { describe, expect, it } from '@jest/globals'
import { grpcStatusOf, httpStatusOf } from './error-status.js'
import { errorCodes } from './errors.js'

describe('Every error code', () => {
  it.each(errorCodes.map((code) => [code]))('%s is told over HTTP and gRPC as an error', (code) => {
    expect(httpStatusOf(code)).toBeGreaterThanOrEqual(400)
    expect(httpStatusOf(code)).toBeLessThan(600)
    expect(grpcStatusOf(code)).toBeGreaterThanOrEqual(1)
    expect(grpcStatusOf(code)).toBeLessThanOrEqual(16)
  })

  it('invites a retry of the same request exactly where one can help', () => {
    const retried = errorCodes.filter((code) => [429, 503].includes(httpStatusOf(code)))
    expect(retried).toEqual(['OVERLOADED', 'UNAVAILABLE'])
  })
})
