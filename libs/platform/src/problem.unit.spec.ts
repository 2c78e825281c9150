import { BadRequestException, NotFoundException } from '@nestjs/common'
import { describe, expect, it } from '@jest/globals'
import { errorCodes, FunnelError, httpStatusOf } from '@funnel/events'
import { problemOf } from './problem.js'

describe('An error', () => {
  it.each(errorCodes.map((code) => [code]))('%s is told as a problem with its code, status and message', (code) => {
    expect(problemOf(new FunnelError(code, 'what, where, how to mend it', { field: 'data.lead' }))).toMatchObject({
      type: 'about:blank',
      status: httpStatusOf(code),
      title: expect.stringMatching(/\w/),
      code,
      detail: 'what, where, how to mend it',
      field: 'data.lead',
    })
  })

  it('that passes says when to come back, in whole seconds of at least one', () => {
    const after = (retryAfter?: number) => problemOf(new FunnelError('OVERLOADED', 'x', { retryAfter })).retryAfter
    expect([after(), after(0.2), after(7), after(7.1)]).toEqual([1, 1, 7, 8])
    expect(problemOf(new FunnelError('UNAVAILABLE', 'x')).retryAfter).toBe(1)
    expect(problemOf(new FunnelError('INVALID', 'x'))).not.toHaveProperty('retryAfter')
  })

  it('tells the values that matter, unless it is the service’s own', () => {
    const details = { stream: 'lead-1', expected: 1, actual: 2 }
    expect(problemOf(new FunnelError('VERSION_CONFLICT', 'x', details))).toMatchObject({ details })
    expect(problemOf(new FunnelError('UNAVAILABLE', 'x', details))).not.toHaveProperty('details')
    expect(problemOf(new FunnelError('INVALID', 'x', { field: 'a', status: 415 }))).not.toHaveProperty('details')
  })

  it('may refine its status', () => {
    expect(problemOf(new FunnelError('INVALID', 'x', { status: 415 }))).toMatchObject({
      status: 415,
      title: 'Unsupported Media Type',
    })
  })

  it('of the HTTP layer keeps its status', () => {
    expect(problemOf(new NotFoundException('Cannot GET /x'))).toMatchObject({ status: 404, code: 'NOT_FOUND' })
    expect(problemOf(new BadRequestException('x'))).toMatchObject({ status: 400, code: 'INVALID' })
    expect(problemOf(Object.assign(new Error('too large'), { statusCode: 413 }))).toMatchObject({ code: 'TOO_LARGE' })
  })

  it.each([
    [new TypeError('secret')],
    ['secret'],
    [undefined],
    [Object.assign(new Error('secret'), { statusCode: 502 })],
  ])('that is a bug says nothing of itself: %p', (error) => {
    const problem = problemOf(error)
    expect(problem).toMatchObject({ status: 500, code: 'INTERNAL' })
    expect(JSON.stringify(problem)).not.toContain('secret')
  })
})
