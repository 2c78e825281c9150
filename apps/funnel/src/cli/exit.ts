import { CommanderError } from 'commander'
import { FunnelError, type ErrorCode } from '@funnel/events'
import { style } from './style.js'

/** What the command's exit code says. */
export const exits = {
  ok: 0,
  failure: 1,
  /** The command line is wrong, or what it asks for can never be right. */
  usage: 2,
  /** `verify` found a difference. */
  difference: 3,
  /** No workspace runs, or it, or a server that the environment names, cannot be reached. */
  unreachable: 4,
} as const

const exitOf: Partial<Record<ErrorCode, number>> = {
  INVALID: exits.usage,
  UNAVAILABLE: exits.unreachable,
}

/** Tells a failure on stderr, as JSON where JSON was asked for, and gives the exit code for it. */
export function reportFailure(error: unknown, json: boolean, stderr: NodeJS.WriteStream = process.stderr): number {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return exits.ok // help, or the version
    if (!json) return exits.usage // it has spoken already
    return reportFailure(new FunnelError('INVALID', messageOf(error)), json, stderr)
  }
  const known = error instanceof FunnelError
  const database = known ? undefined : silentDatabase(error)
  if (database) return reportFailure(database, json, stderr)
  const code = known ? error.code : 'INTERNAL'
  const message = error instanceof Error ? error.message : String(error)
  if (json)
    stderr.write(`${JSON.stringify({ error: { code, message, ...(known ? { details: error.details } : {}) } })}\n`)
  else {
    stderr.write(`${style('red', 'error:', stderr)} ${message}\n`)
    if (process.env['FUNNEL_DEBUG'] && error instanceof Error) stderr.write(`${error.stack}\n`)
  }
  // no such KPI, or no such version of it: as wrong as a dimension that there is not
  if (known && code === 'NOT_FOUND' && String(error.details['field']).startsWith('question.')) return exits.usage
  return exitOf[code] ?? exits.failure
}

/** A connection that was refused as the system tells it is one to PostgreSQL: all others are told by who makes them. */
function silentDatabase(error: unknown): FunnelError | undefined {
  // a host with several addresses: one failure of each
  const first: unknown = error instanceof AggregateError ? error.errors[0] : error
  if (!(first instanceof Error)) return undefined
  const { syscall, code, message } = first as NodeJS.ErrnoException
  if (syscall !== 'connect' && syscall !== 'getaddrinfo') return undefined
  return new FunnelError(
    'UNAVAILABLE',
    `PostgreSQL cannot be reached (${message || code}): start it, or correct DATABASE_URL`,
    {},
    error,
  )
}

const messageOf = ({ code, message }: CommanderError): string =>
  code === 'commander.help' ? 'a command is missing: --help lists them' : message.replace(/^error: /, '')
