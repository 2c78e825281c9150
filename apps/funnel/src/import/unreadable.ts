import { FunnelError } from '@funnel/events'

/** That a file of the command line cannot be opened, and why, as INVALID. `what`: what it should be, such as `file`. */
export function unreadable(path: string, cause: unknown, what = 'file'): FunnelError {
  const { code, message } = cause as NodeJS.ErrnoException
  const why =
    code === 'ENOENT'
      ? `there is no such ${what}`
      : code === 'EISDIR'
        ? `this is a folder; name the ${what} itself`
        : `cannot be read: ${message}`
  return new FunnelError('INVALID', `${path}: ${why}`, {}, cause)
}
