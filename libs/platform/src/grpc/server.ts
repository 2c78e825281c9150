import { createRequire } from 'node:module'
import { fromBinary, toBinary } from '@bufbuild/protobuf'
import { FileDescriptorProtoSchema, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt'
import type { Server, ServiceDefinition } from '@grpc/grpc-js'
import type { PackageDefinition } from '@grpc/proto-loader'
import { ReflectionService } from '@grpc/reflection'
import type { BeforeApplicationShutdown, OnModuleDestroy } from '@nestjs/common'
import { Transport, type GrpcOptions } from '@nestjs/microservices'
import type { NestFastifyApplication } from '@nestjs/platform-fastify'
import type { Registry } from 'prom-client'
import { descriptorSet, limits } from '@funnel/query-api'
import type { ServiceConfig } from '../config.js'
import type { Health } from '../health.js'
import type { Logger } from '../logger.js'
import { Encoded } from './encoded.js'
import { metricsInterceptor } from './metrics.interceptor.js'
import { readerOf } from './requests.js'
import { tokenInterceptor } from './token.interceptor.js'

/** The part of grpc-health-check that is used; it is CommonJS without named exports for ESM. */
interface HealthModule {
  HealthImplementation: new (status: Record<string, ServingStatus>) => HealthService
}
type ServingStatus = 'SERVING' | 'NOT_SERVING'
interface HealthService {
  setStatus(service: string, status: ServingStatus): void
  addToServer(server: Server): void
}
const { HealthImplementation } = createRequire(import.meta.url)('grpc-health-check') as HealthModule

const PACKAGE = 'funnel.v1'

/**
 * Our .proto files as reflection is to give them: as they are. What proto-loader makes of them is one file for each package,
 * without the imports between them, of which no client can make anything.
 */
const files = {
  [PACKAGE]: {
    fileDescriptorProtos: fromBinary(FileDescriptorSetSchema, descriptorSet).file.map((file) =>
      Buffer.from(toBinary(FileDescriptorProtoSchema, file)),
    ),
  },
} as unknown as PackageDefinition

/** How long calls in flight may take to end when the service stops, in milliseconds. */
const PATIENCE = 5000
const LOOK = 1000
/** So many calls may be under way over one connection; a client that has more waits with the rest. */
const STREAMS = 1000
/** A client that is there answers a ping in time. Every connection is asked after so long, in milliseconds. */
const PING = 60_000
const PING_TIMEOUT = 20_000

export interface GrpcServerOptions {
  readonly config: Pick<ServiceConfig, 'funnelHost' | 'funnelToken'> & { readonly grpcPort: number }
  readonly registry: Registry
  readonly health: Health
  /** The services of package funnel.v1 that are answered, by name. */
  readonly services: Readonly<Record<string, ServiceDefinition>>
  /** Those among them that ask for a credential of their own and so are not closed by the admin token. */
  readonly ownKeys?: readonly string[]
  /** Name of the histogram of calls. */
  readonly metric: string
  /** Largest request in bytes; that of a question when absent. */
  readonly maxRequest?: number
}

/**
 * Nest's gRPC transport with the generated codecs instead of proto-loader's, so that messages are the typed ones and an
 * answer may come encoded; with health checks, which follow the service's readiness, reflection, and the admin token. A
 * connection may have a thousand calls at once, and is let go when its client no longer answers.
 */
export class GrpcServer implements OnModuleDestroy, BeforeApplicationShutdown {
  readonly options: GrpcOptions
  readonly #health = new HealthImplementation({ '': 'NOT_SERVING' })
  readonly #names: readonly string[]
  #told: boolean | undefined
  #server: Server | undefined
  readonly #timer: NodeJS.Timeout

  constructor({ config, registry, health, services, ownKeys = [], metric, maxRequest }: GrpcServerOptions) {
    const { funnelHost, grpcPort, funnelToken } = config
    const nameOf = (service: string) => `${PACKAGE}.${service}`
    this.#names = Object.keys(services).map(nameOf)
    const follow = () => this.#follow(health.readiness().ok)
    this.#timer = setInterval(follow, LOOK).unref()
    this.options = {
      transport: Transport.GRPC,
      options: {
        url: `${funnelHost.includes(':') ? `[${funnelHost}]` : funnelHost}:${grpcPort}`,
        package: PACKAGE,
        packageDefinition: Object.fromEntries(
          Object.entries(services).map(([name, service]) => [nameOf(name), published(service)]),
        ),
        maxReceiveMessageLength: maxRequest ?? limits.maxRequest,
        maxSendMessageLength: limits.maxAnswer,
        channelOptions: {
          'grpc.enable_channelz': 0, // nobody reads it, and it is kept for every call
          // no limit to the memory of a connection: where one is reached all its calls end, large answers under way too
          'grpc.max_concurrent_streams': STREAMS,
          'grpc.keepalive_time_ms': PING,
          'grpc.keepalive_timeout_ms': PING_TIMEOUT,
          interceptors: [
            metricsInterceptor(registry, metric, this.#names),
            ...(funnelToken === undefined ? [] : [tokenInterceptor(funnelToken, ownKeys.map(nameOf))]),
          ],
        },
        onLoadPackageDefinition: (_: unknown, server: Server) => {
          this.#server = server
          this.#health.addToServer(server)
          new ReflectionService(files, { services: [...this.#names] }).addToServer(server)
          follow()
        },
      },
    }
  }

  onModuleDestroy(): void {
    clearInterval(this.#timer)
    this.#follow(false)
  }

  /** No new calls; those in flight may end. Nest then cuts off what is left. */
  async beforeApplicationShutdown(): Promise<void> {
    const server = this.#server
    if (!server) return
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, PATIENCE)
      server.tryShutdown(() => {
        clearTimeout(timer)
        resolve()
      })
    })
  }

  #follow(ready: boolean): void {
    if (ready === this.#told) return // whoever watches would be told again
    this.#told = ready
    for (const service of ['', ...this.#names]) this.#health.setStatus(service, ready ? 'SERVING' : 'NOT_SERVING')
  }
}

/** Starts the gRPC server of a service beside its HTTP one. */
export async function serveGrpc(app: NestFastifyApplication, logger: Logger): Promise<void> {
  const { options } = app.get(GrpcServer)
  app.connectMicroservice(options)
  await app.startAllMicroservices()
  logger.info({ grpc: options.options.url }, 'calls are answered')
}

/**
 * Method names as in the .proto file, which is how Nest finds handlers; requests are looked through, and answers may be
 * encoded already.
 */
function published(service: ServiceDefinition): ServiceDefinition {
  return Object.fromEntries(
    Object.values(service).map((method) => [
      method.path.slice(method.path.lastIndexOf('/') + 1),
      {
        ...method,
        requestDeserialize: readerOf(method.path, method.requestDeserialize),
        responseSerialize: (answer: unknown) =>
          answer instanceof Encoded ? answer.bytes : method.responseSerialize(answer),
      },
    ]),
  )
}
