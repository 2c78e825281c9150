import { say } from '../cli/print.js'
import { FunnelError } from '@funnel/events'
import { createClient, type FunnelClient } from '@funnel/query-api'
import { style } from '../cli/style.js'
import { mustRun, type Choice } from '../workspace/locate.js'

/**
 * Asks the query service of the running workspace, or of FUNNEL_SERVER (host:port, with FUNNEL_TOKEN), and hangs up.
 * Says on stderr whom it asks unless `quiet`.
 */
export async function ask<T>(
  choice: Choice,
  quiet: boolean,
  question: (client: FunnelClient) => Promise<T>,
): Promise<T> {
  const { address, token, name, advice } = whom(choice)
  if (!quiet) say(style('dim', name, process.stderr))
  const client = createClient(address, { token })
  try {
    return await question(client)
  } catch (error) {
    if (error instanceof FunnelError && error.code === 'UNAVAILABLE' && error.details['grpc'] !== undefined)
      throw new FunnelError('UNAVAILABLE', `${address} does not answer: ${advice}`, error.details, error)
    throw error
  } finally {
    client.close()
  }
}

interface Whom {
  readonly address: string
  readonly token: string | undefined
  readonly name: string
  /** What to do when it does not answer. */
  readonly advice: string
}

function whom(choice: Choice): Whom {
  const server = process.env['FUNNEL_SERVER'] || undefined
  const token = process.env['FUNNEL_TOKEN'] || undefined
  if (server !== undefined && choice.workspace === undefined)
    return { address: server, token, name: `server ${server}`, advice: 'is this, which FUNNEL_SERVER names, right?' }
  const { state } = mustRun(choice)
  return {
    address: state.urls.query,
    token: token ?? state.token,
    name: `workspace ${state.workspace}`,
    advice: '`npx funnel status` says why',
  }
}
