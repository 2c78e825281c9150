import 'reflect-metadata'
import { Controller, Get, Inject, Module, Res, type DynamicModule, type Provider, type Type } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify'
import { collectDefaultMetrics, Registry } from 'prom-client'
import { assertClosed, ConfigError, loadConfig, ServiceConfig } from './config.js'
import { Health } from './health.js'
import { createLogger, NestLogger, type Logger } from './logger.js'
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
    return reply
      .code(ok ? 200 : 503)
      .send({ status: ok ? 'ready' : 'unready', workspace: this.config.funnelWorkspace, why })
  }

  @Get('metrics')
  async metrics(@Res() reply: Reply) {
    return reply.header('content-type', this.registry.contentType).send(await this.registry.metrics())
  }
}

@Module({})
class ServiceModule {
  static for(providers: Provider[], imports: Type[]): DynamicModule {
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
  readonly module: Type
  /** Adjusts the application before it listens: body parsers, a gRPC server beside it. */
  readonly prepare?: (app: NestFastifyApplication, logger: Logger) => Promise<void> | void
  readonly bodyLimit?: number
}

/**
 * Starts a Nest application on Fastify with /health/live, /health/ready and /metrics, closed by token when one is set.
 * On close readiness goes red first, then modules stop in Nest's order.
 */
export async function startService<C extends ServiceConfig>(options: ServiceOptions<C>): Promise<Service> {
  const { name, config } = options
  assertClosed(config)
  const logger = createLogger(name, config.logLevel)
  const health = new Health()
  const registry = new Registry()
  registry.setDefaultLabels({ service: name })
  collectDefaultMetrics({ register: registry })
  const adapter = new FastifyAdapter({ bodyLimit: options.bodyLimit ?? 1_048_576, forceCloseConnections: 'idle' })
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
    },
  )
  const { funnelToken } = config
  if (funnelToken)
    app
      .getHttpAdapter()
      .getInstance()
      .addHook('onRequest', async (request, reply) => {
        if (
          isPublicPath(request.url) ||
          tokenMatches(funnelToken, request.headers['x-funnel-token'], request.headers.authorization)
        )
          return
        await reply.code(401).header('content-type', 'application/problem+json').send({
          type: 'about:blank',
          title: 'A token is needed',
          status: 401,
          code: 'UNAUTHENTICATED',
          detail: 'Send the admin token as x-funnel-token.',
        })
      })
  await options.prepare?.(app, logger)
  await app.listen(config.port, config.funnelHost)
  const url = await app.getUrl()
  logger.info({ url, workspace: config.funnelWorkspace }, `${name} is up`)
  let closing: Promise<void> | undefined
  return {
    app,
    url,
    close: () =>
      (closing ??= (async () => {
        health.stop()
        await app.close()
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
    process.stderr.write(
      `${options.name}: ${error instanceof ConfigError ? error.message : error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
    )
    process.exit(error instanceof ConfigError ? 78 : 1)
  }
}
