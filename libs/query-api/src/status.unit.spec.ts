import { describe, expect, it } from '@jest/globals'
import { Metadata, status } from '@grpc/grpc-js'
import { errorCodes, FunnelError } from '@funnel/events'
import { BadRequest, RetryInfo } from './gen/google/rpc/error_details.js'
import { Status } from './gen/google/rpc/status.js'
import { fromGrpcStatus, toGrpcStatus } from './status.js'

describe('an error on its way over gRPC', () => {
  it.each(errorCodes)('%s comes out as it went in', (code) => {
    const back = fromGrpcStatus(toGrpcStatus(new FunnelError(code, 'what, where, how to mend', { field: 'to', n: 3 })))
    expect(back).toMatchObject({ code, message: 'what, where, how to mend', details: { field: 'to', n: '3' } })
  })

  it('names the field in a BadRequest and the wait in a RetryInfo', () => {
    const { metadata } = toGrpcStatus(new FunnelError('OVERLOADED', 'later', { field: 'kpi', retryAfter: 1.5 }))
    const { details } = Status.decode(metadata.get('grpc-status-details-bin')[0] as Buffer)
    expect(details.map(({ typeUrl }) => typeUrl.split('.').at(-1))).toEqual(['ErrorInfo', 'BadRequest', 'RetryInfo'])
    expect(BadRequest.decode(details[1]!.value).fieldViolations).toEqual([{ field: 'kpi', description: 'later' }])
    expect(RetryInfo.decode(details[2]!.value).retryDelay?.seconds).toBe(2)
  })

  it('becomes a FunnelError too when the network or another server made it', () => {
    const error = { code: status.UNAVAILABLE, details: 'No connection', metadata: new Metadata() }
    expect(fromGrpcStatus(error)).toMatchObject({ code: 'UNAVAILABLE', message: 'No connection' })
  })

  it.each([
    ['plain', 'x'],
    ['in three bytes a letter', '計'],
    ['in pairs of surrogates', 'a😀'],
    ['in halves of pairs', '\ud83d'],
  ])('that repeats a long text %s fits into the headers that any client takes, in whole characters', (_, text) => {
    const long = text.repeat(100_000)
    const details = { field: long, ...Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`d${i}`, long])) }
    const made = toGrpcStatus(new FunnelError('INVALID', `There is no KPI "${long}"`, details))
    const trailer = made.metadata.get('grpc-status-details-bin')[0] as Buffer
    expect(encodeURI(made.details).length + trailer.toString('base64').length).toBeLessThan(8000)
    const { code, message, details: told } = fromGrpcStatus(made)
    expect([code, message]).toEqual(['INVALID', made.details])
    expect(message).toMatch(/^There is no KPI ".{200,}…$/)
    expect([message, ...Object.values(told)].every((one) => String(one).isWellFormed())).toBe(true)
    expect(told['field']).toMatch(/^.{60,}…$/)
    // what was whole before is whole still
    expect(message.includes('\ufffd')).toBe(!text.isWellFormed())
  })

  it('is INTERNAL when its reason is none of ours', () => {
    const { metadata, ...rest } = toGrpcStatus(new FunnelError('INVALID', 'x'))
    const trailer = Status.decode(metadata.get('grpc-status-details-bin')[0] as Buffer)
    trailer.details = trailer.details.map((detail) => ({
      ...detail,
      value: Buffer.from(Buffer.from(detail.value).toString('latin1').replace('INVALID', 'INVALIX'), 'latin1'),
    }))
    metadata.set('grpc-status-details-bin', Buffer.from(Status.encode(trailer).finish()))
    expect(fromGrpcStatus({ ...rest, metadata }).code).toBe('INTERNAL')
  })
})
