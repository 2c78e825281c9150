/*
 * Of Node: how much is made before what is young is collected. Only the command line can say so.
 */

/**
 * Small and many collections. For gRPC servers that are asked much: what gRPC keeps for a call outlives a collection, so
 * those of the default size take longer than most answers do.
 */
export const SHORT_PAUSES = '--max-semi-space-size=4'

/**
 * Large and few collections. For who folds much: a batch lives until it is saved, and the sooner a collection comes, the more
 * of it has to be copied. The space grows to this size, in MB, only where so much is made.
 */
export const FEW_COLLECTIONS = '--max-semi-space-size=64'
