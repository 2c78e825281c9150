import { createRequire } from 'node:module'
import type { Server, ServiceDefinition } from '@grpc/grpc-js'
import { loadFileDescriptorSetFromBuffer } from '@grpc/proto-loader'
import { ReflectionService } from '@grpc/reflection'
import { Inject, Injectable, type BeforeApplicationShutdown, type OnModuleDestroy } from '@nestjs/common'
import { Transport, type GrpcOptions } from '@nestjs/microservices'
import { Registry } from 'prom-client'
import { CONFIG, Health } from '@funnel/platform'
import {
  DealServiceService,
  descriptorSet,
  JourneyServiceService,
  KpiServiceService,
  LeadServiceService,
  limits,
  StatusServiceService,
} from '@funnel/query-api'
import { Encoded } from './encoded.js'
import { metricsInterceptor } from './metrics.interceptor.js'
import type { QueryConfig } from '../config.js'
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
const services = {
  KpiService: KpiServiceService,
  LeadService: LeadServiceService,
  DealService: DealServiceService,
  JourneyService: JourneyServiceService,
  StatusService: StatusServiceService,
} as const
const serviceNames: readonly string[] = Object.keys(services).map((name) => `${PACKAGE}.${name}`)

/** How long calls in flight may take to end when the service stops, in milliseconds. */
const PATIENCE = 5000
const LOOK = 1000

/**
 * Nest's gRPC transport with the generated codecs instead of proto-loader's, so that messages are the typed ones and an
 * answer may come encoded; with health checks, which follow the service's readiness, and reflection.
 */
@Injectable()
export class GrpcServer implements OnModuleDestroy, BeforeApplicationShutdown {
  readonly options: GrpcOptions
  readonly #health = new HealthImplementation({ '': 'NOT_SERVING' })
  #server: Server | undefined
  readonly #timer: NodeJS.Timeout

  constructor(
    @Inject(CONFIG) { funnelHost, grpcPort, funnelToken }: QueryConfig,
    @Inject(Registry) registry: Registry,
    @Inject(Health) health: Health,
  ) {
    const follow = () => this.#follow(health.readiness().ok)
    this.#timer = setInterval(follow, LOOK).unref()
    this.options = {
      transport: Transport.GRPC,
      options: {
        url: `${funnelHost.includes(':') ? `[${funnelHost}]` : funnelHost}:${grpcPort}`,
        package: PACKAGE,
        packageDefinition: Object.fromEntries(
          Object.entries(services).map(([name, service]) => [`${PACKAGE}.${name}`, published(service)]),
        ),
        maxReceiveMessageLength: limits.maxRequest,
        maxSendMessageLength: limits.maxAnswer,
        channelOptions: {
          interceptors: [
            metricsInterceptor(registry, serviceNames),
            ...(funnelToken === undefined ? [] : [tokenInterceptor(funnelToken)]),
          ],
        },
        onLoadPackageDefinition: (_: unknown, server: Server) => {
          this.#server = server
          this.#health.addToServer(server)
          // from the descriptor set, because reflection over a loaded package stumbles over maps
          const set = loadFileDescriptorSetFromBuffer(descriptorSet)
          new ReflectionService(set, { services: [...serviceNames] }).addToServer(server)
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
    for (const service of ['', ...serviceNames]) this.#health.setStatus(service, ready ? 'SERVING' : 'NOT_SERVING')
  }
}

/** Method names as in the .proto file, which is how Nest finds handlers; answers may be encoded already. */
function published(service: ServiceDefinition): ServiceDefinition {
  return Object.fromEntries(
    Object.values(service).map((method) => [
      method.path.slice(method.path.lastIndexOf('/') + 1),
      {
        ...method,
        responseSerialize: (answer: unknown) =>
          answer instanceof Encoded ? answer.bytes : method.responseSerialize(answer),
      },
    ]),
  )
}
