import 'reflect-metadata'
import { Controller, Get, Inject, Module, Res, type DynamicModule, type Provider, type Type } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify'
import { collectDefaultMetrics, Registry } from 'prom-client'
import { FunnelError } from '@funnel/events'
import { assertClosed, ConfigError, loadConfig, ServiceConfig } from './config.js'
import { Health } from './health.js'
import { createLogger, NestLogger, type Logger } from './logger.js'
import { ProblemFilter, problemOf, sendProblem } from './problem.js'
import { isPublicPath, tokenMatches } from './token.js'

export const LOGGER = Symbol('logger')
export const CONFIG = Symbol('config')

interface Reply {
  code(status: number): Reply
  header(name: string, value: string): Reply
  send(body: unknown): unknown
}

@Controller()
class OpsController {
  constructor(
    @Inject(Health) private readonly health: Health,
    @Inject(Registry) private readonly registry: Registry,
    @Inject(CONFIG) private readonly config: ServiceConfig,
  ) {}

  @Get('health/live')
  live(@Res() reply: Reply) {
    const { ok, why } = this.health.liveness()
    return reply
      .code(ok ? 200 : 503)
      .send({ status: ok ? 'live' : 'stuck', workspace: this.config.funnelWorkspace, why })
  }

  @Get('health/ready')
  ready(@Res() reply: Reply) {
    const { ok, why } = this.health.readiness()
    return reply.code(ok ? 200 : 503).send({
      status: ok ? 'ready' : 'unready',
      workspace: this.config.funnelWorkspace,
      why,
      notes: this.health.notes(),
    })
  }

  @Get('metrics')
  async metrics(@Res() reply: Reply) {
    return reply.header('content-type', this.registry.contentType).send(await this.registry.metrics())
  }
}

@Module({})
class ServiceModule {
  static for(providers: Provider[], imports: (Type | DynamicModule)[]): DynamicModule {
    return {
      module: ServiceModule,
      global: true,
      providers,
      exports: providers.map(tokenOf),
      controllers: [OpsController],
      imports,
    }
  }
}
const tokenOf = (provider: Provider) => (typeof provider === 'function' ? provider : provider.provide)

/** A running service. */
export interface Service {
  readonly app: NestFastifyApplication
  readonly url: string
  close(): Promise<void>
}

/** How a service is put together. Its module may inject Health, Registry, LOGGER and CONFIG. */
export interface ServiceOptions<C extends ServiceConfig> {
  readonly name: string
  readonly config: C
  readonly module: Type | DynamicModule
  /** Adjusts the application before it listens: body parsers, a gRPC server beside it. */
  readonly prepare?: (app: NestFastifyApplication, logger: Logger) => Promise<void> | void
  /** Paths that ask for a credential of their own and so are not closed by the admin token. */
  readonly ownKeys?: (path: string) => boolean
}

const NEEDS_TOKEN = 'the admin token is needed: send it as x-funnel-token'
/** A client has so long to send its request, in ms. */
const REQUEST_TIMEOUT = 30_000
/**
 * So many connections may wait to be taken; the default of 511 loses some of a burst, and those wait for resends of TCP.
 * The system may allow fewer.
 */
const BACKLOG = 4096
/** Requests under way have so long to end once the service stops, in ms. */
const GRACE = 10_000

/**
 * Starts a Nest application on Fastify with /health/live, /health/ready and /metrics, closed by token when one is set.
 * Errors are answered as problems (RFC 9457). On close readiness goes red first, then requests under way finish, at most
 * ten seconds, then modules shut down in Nest's order.
 */
export async function startService<C extends ServiceConfig>(options: ServiceOptions<C>): Promise<Service> {
  const { name, config } = options
  assertClosed(config)
  const logger = createLogger(name, config.logLevel)
  const health = new Health()
  const registry = new Registry()
  registry.setDefaultLabels({ service: name })
  collectDefaultMetrics({ register: registry })
  const adapter = new FastifyAdapter({ requestTimeout: REQUEST_TIMEOUT, forceCloseConnections: 'idle' })
  const providers: Provider[] = [
    { provide: LOGGER, useValue: logger },
    { provide: CONFIG, useValue: config },
    { provide: Health, useValue: health },
    { provide: Registry, useValue: registry },
  ]
  const app = await NestFactory.create<NestFastifyApplication>(
    ServiceModule.for(providers, [options.module]),
    adapter,
    {
      logger: new NestLogger(logger),
      abortOnError: false,
      bodyParser: false, // a service that takes bodies reads them itself, within its limits
    },
  )
  app.useGlobalFilters(new ProblemFilter(logger))
  app
    .getHttpAdapter()
    .getInstance()
    .addHook('onSend', (_request, reply, payload, done) => {
      // a connection kept alive would hold up the stop
      if (health.stopping) reply.header('connection', 'close')
      done(null, payload)
    })
  const { funnelToken } = config
  if (funnelToken)
    app
      .getHttpAdapter()
      .getInstance()
      .addHook('onRequest', (request, reply, done) => {
        const { 'x-funnel-token': token, authorization } = request.headers
        const open = isPublicPath(request.url) || options.ownKeys?.(request.url.split('?', 1)[0]!)
        if (open || tokenMatches(funnelToken, token, authorization)) done()
        else sendProblem(reply, problemOf(new FunnelError('UNAUTHENTICATED', NEEDS_TOKEN)))
      })
  try {
    await options.prepare?.(app, logger)
    await app.listen({ port: config.port, host: config.funnelHost, backlog: BACKLOG })
  } catch (error) {
    await app.close().catch(() => undefined)
    throw error
  }
  const url = await app.getUrl()
  logger.info({ url, workspace: config.funnelWorkspace }, `${name} is up`)
  let closing: Promise<void> | undefined
  return {
    app,
    url,
    close: () =>
      (closing ??= (async () => {
        health.stop()
        const force = setTimeout(() => app.getHttpServer().closeAllConnections(), GRACE)
        await app.close().finally(() => clearTimeout(force))
        logger.info(`${name} stopped`)
      })()),
  }
}

/** Main of a service process: configuration from the environment, clean stop on SIGTERM and SIGINT, loud end on failure. */
export async function main<C extends ServiceConfig>(
  settings: new () => C,
  options: Omit<ServiceOptions<C>, 'config'>,
): Promise<void> {
  try {
    const service = await startService({ ...options, config: loadConfig(settings) })
    const stop = () => {
      void service.close().then(
        () => process.exit(0),
        () => process.exit(1),
      )
    }
    process.once('SIGTERM', stop)
    process.once('SIGINT', stop)
  } catch (error) {
    process.stderr.write(`${options.name}: ${reasonOf(error)}\n`)
    process.exit(error instanceof ConfigError ? 78 : 1)
  }
}

/** Mistakes of the surroundings are told in a sentence, bugs with their stack. */
function reasonOf(error: unknown): string {
  if (error instanceof ConfigError || (error instanceof FunnelError && error.code !== 'INTERNAL')) return error.message
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
