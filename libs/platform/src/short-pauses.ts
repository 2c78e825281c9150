/**
 * Of Node: small and many collections of what is young. For gRPC servers that are asked much: what gRPC keeps for a call
 * outlives a collection, so those of the default size take longer than most answers do. Only the command line can say so.
 */
export const SHORT_PAUSES = '--max-semi-space-size=4'
