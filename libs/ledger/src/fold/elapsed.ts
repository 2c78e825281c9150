import type { Instant } from '@funnel/events'

/** Seconds begun from one instant to another: the ceiling; negative when the second lies before the first, never −0. */
export const startedSeconds = (from: Instant, to: Instant): number => Math.ceil((to - from) / 1000) || 0
