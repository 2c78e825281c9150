import { Metadata, status, type ServiceError, type StatusObject } from '@grpc/grpc-js'
import { errorCodes, FunnelError, grpcStatusOf, type ErrorCode } from '@funnel/events'
import { BadRequest, ErrorInfo, RetryInfo } from './gen/google/rpc/error_details.js'
import { Status } from './gen/google/rpc/status.js'

const DOMAIN = 'funnel'
const TRAILER = 'grpc-status-details-bin'
const TYPE = 'type.googleapis.com/google.rpc.'

/**
 * Bytes of a message, of one detail and of all details together. A status travels as headers, of which many clients take
 * 8 KiB, and too many end the whole connection: the message goes three times, once with three characters for a byte.
 */
const [MESSAGE, DETAIL, DETAILS] = [1024, 256, 768]

/** What a call ends with when a peer that is not ours, or the network, ends it. */
const codeOfStatus: Readonly<Partial<Record<status, ErrorCode>>> = {
  [status.INVALID_ARGUMENT]: 'INVALID',
  [status.NOT_FOUND]: 'NOT_FOUND',
  [status.UNAUTHENTICATED]: 'UNAUTHENTICATED',
  [status.PERMISSION_DENIED]: 'FORBIDDEN',
  [status.RESOURCE_EXHAUSTED]: 'TOO_LARGE',
  [status.UNAVAILABLE]: 'UNAVAILABLE',
  [status.CANCELLED]: 'UNAVAILABLE',
  [status.DEADLINE_EXCEEDED]: 'DEADLINE',
  [status.UNIMPLEMENTED]: 'NOT_FOUND',
}

/**
 * The error as a call ends with it: code and message of gRPC, and `google.rpc.Status` in the trailers with an ErrorInfo
 * (reason = our code, metadata = details), a BadRequest when `details.field` names the field, and a RetryInfo when
 * `details.retryAfter` gives seconds. What is long is cut, whatever was asked: an error often repeats that.
 */
export function toGrpcStatus(error: FunnelError): StatusObject {
  const code: status = grpcStatusOf(error.code)
  const message = cut(error.message, MESSAGE)
  const { field, retryAfter } = error.details
  const details = [
    {
      typeUrl: `${TYPE}ErrorInfo`,
      value: ErrorInfo.encode({ reason: error.code, domain: DOMAIN, metadata: textOf(error.details) }).finish(),
    },
  ]
  if (typeof field === 'string')
    details.push({
      typeUrl: `${TYPE}BadRequest`,
      value: BadRequest.encode({ fieldViolations: [{ field: cut(field, DETAIL), description: message }] }).finish(),
    })
  if (typeof retryAfter === 'number')
    details.push({
      typeUrl: `${TYPE}RetryInfo`,
      value: RetryInfo.encode({ retryDelay: { seconds: Math.ceil(retryAfter), nanos: 0 } }).finish(),
    })
  const metadata = new Metadata()
  metadata.set(TRAILER, Buffer.from(Status.encode({ code, message, details }).finish()))
  return { code, details: message, metadata }
}

/** The FunnelError behind a failed call: as the server threw it, or made from the status where it did not. */
export function fromGrpcStatus(error: Pick<ServiceError, 'code' | 'details' | 'metadata'>): FunnelError {
  const [trailer] = error.metadata.get(TRAILER)
  if (Buffer.isBuffer(trailer)) {
    const { message, details } = Status.decode(trailer)
    const info = details.find(({ typeUrl }) => typeUrl === `${TYPE}ErrorInfo`)
    if (info) {
      const { reason, metadata } = ErrorInfo.decode(info.value)
      return new FunnelError(isErrorCode(reason) ? reason : 'INTERNAL', message, metadata, error)
    }
  }
  return new FunnelError(codeOfStatus[error.code] ?? 'INTERNAL', error.details, { grpc: status[error.code] }, error)
}

const isErrorCode = (text: string): text is ErrorCode => errorCodes.some((code) => code === text)

/** Details as texts; those for which there is no room any more are left out. */
function textOf(details: Readonly<Record<string, unknown>>): Record<string, string> {
  const texts: Record<string, string> = {}
  let left = DETAILS
  for (const [key, value] of Object.entries(details)) {
    const text = cut(typeof value === 'string' ? value : (JSON.stringify(value) ?? ''), DETAIL)
    const bytes = Buffer.byteLength(key) + Buffer.byteLength(text)
    if (bytes > left) continue
    left -= bytes
    texts[key] = text
  }
  return texts
}

/** The text in whole characters, which is all that headers take, and of at most so many bytes; "…" stands for the rest. */
function cut(text: string, most: number): string {
  const whole = text.toWellFormed()
  if (Buffer.byteLength(whole) <= most) return whole
  const { read } = new TextEncoder().encodeInto(whole, new Uint8Array(most - Buffer.byteLength('…')))
  return `${whole.slice(0, read)}…`
}
