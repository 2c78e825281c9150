import 'reflect-metadata'
import { plainToInstance, Transform } from 'class-transformer'
import { IsIn, IsInt, IsOptional, IsString, Matches, Max, Min, MinLength, validateSync } from 'class-validator'

/** A configuration mistake list; the message names every wrong variable at once, never its value. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
}

/**
 * Reads settings from the environment into a class whose fields carry class-validator rules; the field `databaseUrl` is
 * the variable `DATABASE_URL`. Empty variables count as absent. Throws ConfigError with every mistake.
 */
export function loadConfig<T extends object>(settings: new () => T, env: NodeJS.ProcessEnv = process.env): T {
  const plain: Record<string, string> = {}
  for (const [name, value] of Object.entries(env)) if (value !== undefined && value !== '') plain[fieldOf(name)] = value
  const config = plainToInstance(settings, plain, { exposeDefaultValues: true })
  const mistakes = validateSync(config, { forbidUnknownValues: true })
  if (mistakes.length) {
    const lines = mistakes.map(
      ({ property, constraints }) =>
        `  ${variableOf(property)}: ${Object.values(constraints ?? {})
          .map((text) => text.replace(property, 'it'))
          .join('; ')}`,
    )
    throw new ConfigError(
      `The configuration has ${mistakes.length} mistake${mistakes.length > 1 ? 's' : ''}:\n${lines.join('\n')}`,
    )
  }
  return config
}

const fieldOf = (variable: string) => variable.toLowerCase().replace(/_([a-z0-9])/g, (_, c: string) => c.toUpperCase())
const variableOf = (field: string) => field.replace(/([A-Z])/g, '_$1').toUpperCase()

/** Marks a field as a whole number of the environment, in decimal digits. */
export const Whole = () =>
  Transform(({ value }: { value: unknown }) =>
    typeof value === 'string' ? (/^-?\d+$/.test(value) ? Number(value) : Number.NaN) : value,
  )

const loopback = /^(127\.\d+\.\d+\.\d+|::1|localhost)$/

/** What every service is told. */
export class ServiceConfig {
  /** The store's database. */
  @IsString()
  @Matches(/^postgres(ql)?:\/\//, { message: 'it must be a postgresql:// URL' })
  databaseUrl!: string

  /** The read models' database; the store's when absent. */
  @IsOptional()
  @Matches(/^postgres(ql)?:\/\//, { message: 'it must be a postgresql:// URL' })
  readDatabaseUrl?: string

  /** Comma-separated `host:port`; without it the log is read from PostgreSQL. */
  @IsOptional()
  @Matches(/^[^\s,:]+:\d+(,[^\s,:]+:\d+)*$/, { message: 'it must be host:port[,host:port]' })
  kafkaBrokers?: string

  /** Prefixed to topic and group names, so that several workspaces can share brokers. */
  @Matches(/^[a-zA-Z0-9._-]*$/, { message: 'it may hold letters, digits, dots, dashes and underscores' })
  kafkaTopicPrefix = ''

  /** The address to listen on. Anything but loopback needs FUNNEL_TOKEN. */
  @IsString()
  funnelHost = '127.0.0.1'

  /** The admin token that every call but health checks must carry, once set. */
  @IsOptional()
  @MinLength(16)
  funnelToken?: string

  /** HTTP port of this service: health, metrics and its API. */
  @Whole()
  @IsInt()
  @Min(0)
  @Max(65535)
  port = 0

  @IsIn(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'])
  logLevel = 'info'

  /** The workspace shown in health, status and every header. */
  @IsString()
  funnelWorkspace = 'default'
}

/** Refuses to listen beyond loopback without a token. */
export function assertClosed(config: ServiceConfig): void {
  if (!loopback.test(config.funnelHost) && !config.funnelToken)
    throw new ConfigError(
      `FUNNEL_HOST is ${config.funnelHost}, which others can reach: set FUNNEL_TOKEN (16 characters or more), or listen on 127.0.0.1`,
    )
}
