/** What can be asked of a visitor. */
export interface VisitorCommand {
  readonly type: 'visitor.unlink'
  readonly visitor: string
  /** The person it was taken for. */
  readonly person: string
  readonly reason?: string
}
