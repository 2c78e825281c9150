import { FunnelError } from '@funnel/events'
import { choosePorts, DEFAULT_BASE, portNames, type PortName, type Ports } from './ports.js'

/** The flags of `funnel up` as commander gives them. */
export interface UpFlags {
  readonly workspace?: string
  readonly dataDir?: string
  readonly fresh?: boolean
  readonly demo?: boolean
  readonly kafka?: boolean
  readonly detach?: boolean
  readonly json?: boolean
  readonly panel?: boolean
  readonly portBase?: string
  readonly ingestPort?: string
  readonly queryPort?: string
  readonly relayPort?: string
  readonly projectorPort?: string
  readonly queryOpsPort?: string
  readonly postgresPort?: string
  readonly kafkaPort?: string
  readonly automationPort?: string
  readonly ingestGrpcPort?: string
  readonly slaMonitorPort?: string
  readonly notifierPort?: string
}

/**
 * The name of the workspace: as given, else `demo`; with a database of the user's own and no wish for a demo, `default`.
 */
export const workspaceName = (
  flags: { readonly workspace?: string | undefined; readonly demo?: boolean },
  env: NodeJS.ProcessEnv = process.env,
): string => flags.workspace ?? (env['FUNNEL_WORKSPACE'] || (env['DATABASE_URL'] && !flags.demo ? 'default' : 'demo'))

/** The ports that the flags ask for. Throws INVALID. */
export function portsOf(flags: UpFlags): Ports {
  const named: Partial<Record<PortName, number>> = {}
  for (const name of portNames) {
    const text = flags[`${name}Port`]
    if (text !== undefined) named[name] = portNumber(text)
  }
  return choosePorts(flags.portBase === undefined ? DEFAULT_BASE : portNumber(flags.portBase), named)
}

function portNumber(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN
  if (Number.isNaN(port)) throw new FunnelError('INVALID', `${text} is no port: give a number from 1 to 65535`)
  return port
}
