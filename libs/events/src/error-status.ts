import type { ErrorCode } from './errors.js'

/** How a code is told over HTTP and over gRPC: the one table of both doors. */
const statuses: Readonly<Record<ErrorCode, { readonly http: number; readonly grpc: number }>> = {
  INVALID: { http: 400, grpc: 3 }, // INVALID_ARGUMENT
  REJECTED: { http: 422, grpc: 9 }, // FAILED_PRECONDITION
  NOT_FOUND: { http: 404, grpc: 5 },
  UNAUTHENTICATED: { http: 401, grpc: 16 },
  FORBIDDEN: { http: 403, grpc: 7 }, // PERMISSION_DENIED
  CONFLICT: { http: 409, grpc: 6 }, // ALREADY_EXISTS
  IDEMPOTENCY_CONFLICT: { http: 409, grpc: 6 },
  VERSION_CONFLICT: { http: 409, grpc: 10 }, // ABORTED
  TOO_LARGE: { http: 413, grpc: 8 }, // RESOURCE_EXHAUSTED
  OVERLOADED: { http: 429, grpc: 8 },
  UNAVAILABLE: { http: 503, grpc: 14 },
  DEADLINE: { http: 504, grpc: 4 }, // DEADLINE_EXCEEDED
  LOG_GAP: { http: 500, grpc: 15 }, // DATA_LOSS
  LOG_AHEAD: { http: 500, grpc: 15 },
  FENCED: { http: 409, grpc: 10 },
  UNSAFE_DATABASE: { http: 500, grpc: 9 },
  INTERNAL: { http: 500, grpc: 13 },
}

/** The HTTP status of a code. Only 429 and 503 invite a retry of the same request. */
export const httpStatusOf = (code: ErrorCode): number => statuses[code].http

/** The number of the gRPC status of a code. */
export const grpcStatusOf = (code: ErrorCode): number => statuses[code].grpc
