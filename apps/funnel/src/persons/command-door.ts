import { errorCodes, FunnelError, mintId, type ErrorCode } from '@funnel/events'
import { mustRun, type Choice } from '../workspace/locate.js'

/** What came of a command. */
export interface CommandAnswer {
  readonly repeated: boolean
  readonly events: readonly { readonly id: string; readonly type: string; readonly stream: string }[]
}

/** Where commands go, and what they show. */
interface Door {
  readonly url: string
  readonly key: string | undefined
}

/**
 * Gives a command to the running workspace, or to FUNNEL_URL with FUNNEL_COMMAND_KEY or FUNNEL_TOKEN. Throws what the
 * platform says against it; UNAVAILABLE where it cannot be reached.
 */
export async function giveCommand(choice: Choice, command: object): Promise<CommandAnswer> {
  const { url, key } = doorOf(choice)
  if (!key) throw new FunnelError('INVALID', `commands to ${url} need a key: set FUNNEL_COMMAND_KEY or FUNNEL_TOKEN`)
  const response = await fetch(new URL('/v1/commands', url), {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${key}`, 'idempotency-key': mintId() },
    body: JSON.stringify(command),
  }).catch((error: unknown) => {
    throw new FunnelError('UNAVAILABLE', `${url} cannot be reached: \`npx funnel status\` says why`, {}, error)
  })
  const answer: unknown = await response.json().catch(() => undefined)
  if (response.ok) return answer as CommandAnswer
  const { code, detail, details } = (answer ?? {}) as {
    code?: string
    detail?: string
    details?: Record<string, unknown>
  }
  throw new FunnelError(codeOf(code), detail ?? `${url} answered ${response.status}`, details)
}

const codeOf = (code: string | undefined): ErrorCode => errorCodes.find((known) => known === code) ?? 'UNAVAILABLE'

function doorOf(choice: Choice): Door {
  const { FUNNEL_URL: url, FUNNEL_COMMAND_KEY: key, FUNNEL_TOKEN: token } = process.env
  if (url && choice.workspace === undefined) return { url, key: key || token }
  const { state } = mustRun(choice)
  return { url: state.urls.ingest, key: state.commandKey }
}
