/** One who takes leads from a queue. */
export interface Member {
  readonly member: string
  /** Share in proportion to the others; a whole number from 1. */
  readonly weight: number
  /** Open leads at most; absent: any number. */
  readonly capacity?: number
}
interface About {
  readonly queue: string
}
interface OfLead extends About {
  readonly lead: string
}

/** What can be asked of a queue. */
export type QueueCommand =
  /** All members; who is not named leaves. */
  | ({ readonly type: 'queue.staff'; readonly members: readonly Member[] } & About)
  /** Gives the lead to the member whose turn it is. */
  | ({ readonly type: 'queue.assign'; readonly rule?: string; readonly because?: readonly string[] } & OfLead)
  /** The assignment of the lead does not count. */
  | ({ readonly type: 'queue.credit'; readonly reason: string } & OfLead)
  /** The lead is no longer open with its member. */
  | ({ readonly type: 'queue.release' } & OfLead)
  | ({ readonly type: 'queue.leave'; readonly member: string; readonly reason?: string } & About)
  | ({ readonly type: 'queue.return'; readonly member: string } & About)
