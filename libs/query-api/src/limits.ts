/** Sizes and times both ends agree on. gRPC's own defaults are 4 MiB in, no limit out and no deadline. */
export const limits = {
  /** Largest request in bytes; questions are small. */
  maxRequest: 1 << 20,
  /** Largest command in bytes; a note is the longest part of one. */
  maxCommand: 1 << 16,
  /** Largest answer in bytes. */
  maxAnswer: 16 << 20,
  /** Milliseconds a call may take whose caller did not say. */
  deadline: 30_000,
} as const
