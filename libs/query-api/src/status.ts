import { Metadata, status, type ServiceError, type StatusObject } from '@grpc/grpc-js'
import { errorCodes, FunnelError, grpcStatusOf, type ErrorCode } from '@funnel/events'
import { BadRequest, ErrorInfo, RetryInfo } from './gen/google/rpc/error_details.js'
import { Status } from './gen/google/rpc/status.js'

const DOMAIN = 'funnel'
const TRAILER = 'grpc-status-details-bin'
const TYPE = 'type.googleapis.com/google.rpc.'

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
 * `details.retryAfter` gives seconds.
 */
export function toGrpcStatus(error: FunnelError): StatusObject {
  const code: status = grpcStatusOf(error.code)
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
      value: BadRequest.encode({ fieldViolations: [{ field, description: error.message }] }).finish(),
    })
  if (typeof retryAfter === 'number')
    details.push({
      typeUrl: `${TYPE}RetryInfo`,
      value: RetryInfo.encode({ retryDelay: { seconds: Math.ceil(retryAfter), nanos: 0 } }).finish(),
    })
  const metadata = new Metadata()
  metadata.set(TRAILER, Buffer.from(Status.encode({ code, message: error.message, details }).finish()))
  return { code, details: error.message, metadata }
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

const textOf = (details: Readonly<Record<string, unknown>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(details).map(([key, value]) => [
      key,
      typeof value === 'string' ? value : (JSON.stringify(value) ?? ''),
    ]),
  )
