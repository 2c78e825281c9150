/** A line of a service that its user should see. */
export interface Notable {
  readonly level: 'warn' | 'error'
  readonly text: string
}

/** What Node says about itself, not about the service. */
const NODE_SAYS = /^\(node:\d+\) |^\(Use `node /

/** The warning or error in a line of a log: pino's JSON from level 40 on, or text that is no JSON at all. */
export function notable(line: string, fromStderr: boolean): Notable | undefined {
  if (!line.startsWith('{'))
    return fromStderr && line.trim() && !NODE_SAYS.test(line) ? { level: 'error', text: line } : undefined
  try {
    const { level, msg, reason, err } = JSON.parse(line) as {
      level?: unknown
      msg?: unknown
      reason?: unknown
      err?: { message?: unknown }
    }
    if (typeof level !== 'number' || level < 40) return undefined
    const why = typeof reason === 'string' ? reason : typeof err?.message === 'string' ? err.message : undefined
    return {
      level: level < 50 ? 'warn' : 'error',
      text: [typeof msg === 'string' ? msg : '', why].filter(Boolean).join(': '),
    }
  } catch {
    return undefined
  }
}
