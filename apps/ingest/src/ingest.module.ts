import { Inject, Module, type DynamicModule, type OnApplicationShutdown } from '@nestjs/common'
import { CONFIG, Health } from '@funnel/platform'
import { Registry } from 'prom-client'
import { createBudget, type Budget } from './body/budget.js'
import { COMMAND_DOOR, CommandsController } from './commands/commands.controller.js'
import { createDesk, type Desk } from './commands/desk.js'
import { createCommandDoor } from './commands/door.js'
import { COMMAND_KEYS, CommandRpcController, DESK } from './commands/grpc/command.controller.js'
import { grpcServer } from './commands/grpc/server.js'
import type { Handlers } from './commands/handlers.js'
import { createCommandMetrics } from './commands/metrics.js'
import type { IngestConfig } from './config.js'
import { createDoor } from './events/door.js'
import { DOOR, EventsController } from './events/events.controller.js'
import { createRecorder } from './events/recorder.js'
import { createScanner } from './json/scanner.js'
import { createObjectReader } from './json/object.js'
import { commandKeys, type CommandKeys } from './keys/command-keys.js'
import { commandDepth, limits } from './limits.js'
import { createMetrics } from './metrics.js'
import { openStore, type Store } from './store.js'

const STORE = Symbol('store')
const BUDGET = Symbol('budget')
const COMMAND_BUDGET = Symbol('command budget')
const HANDLERS = Symbol('handlers')

@Module({
  controllers: [EventsController, CommandsController, CommandRpcController],
  providers: [
    grpcServer,
    {
      provide: BUDGET,
      inject: [CONFIG],
      // a source holds a quarter at most, so that a public key keeps out no other; whatever the budget, its largest request fits
      useFactory: ({ inFlightBytes }: IngestConfig) =>
        createBudget(inFlightBytes, Math.max(inFlightBytes / 4, 2 * limits.requestBytes)),
    },
    {
      provide: COMMAND_BUDGET,
      inject: [CONFIG],
      useFactory: ({ inFlightBytes }: IngestConfig) => createBudget(inFlightBytes / 4),
    },
    {
      provide: STORE,
      inject: [CONFIG, Health],
      useFactory: ({ databaseUrl }: IngestConfig, health: Health) => openStore(databaseUrl, health),
    },
    {
      provide: DOOR,
      inject: [STORE, BUDGET, COMMAND_BUDGET, Registry],
      useFactory: ({ keys, commit, events, vault }: Store, budget: Budget, ofCommands: Budget, registry: Registry) => {
        const held = () => budget.used + ofCommands.used
        const metrics = createMetrics(registry, held, () => commit.pending)
        const recorder = createRecorder(createScanner(limits), commit, events, vault)
        return createDoor({ keys, recorder, budget, limits, metrics })
      },
    },
    {
      provide: DESK,
      inject: [STORE, COMMAND_BUDGET, HANDLERS],
      useFactory: ({ decisions, vault }: Store, budget: Budget, handlers: Handlers) =>
        createDesk({ budget, store: decisions, vault, handlers }),
    },
    {
      provide: COMMAND_KEYS,
      inject: [STORE, CONFIG],
      useFactory: ({ keys }: Store, { funnelToken }: IngestConfig) => commandKeys(keys, funnelToken),
    },
    {
      provide: COMMAND_DOOR,
      inject: [COMMAND_KEYS, DESK, COMMAND_BUDGET, Registry],
      useFactory: (keys: CommandKeys, desk: Desk, budget: Budget, registry: Registry) =>
        createCommandDoor({
          keys,
          desk,
          read: createObjectReader({ ...limits, depth: commandDepth }, 'command'),
          budget,
          bytes: limits.eventBytes,
          metrics: createCommandMetrics(registry),
        }),
    },
  ],
})
export class IngestModule implements OnApplicationShutdown {
  /** The module with who carries commands out. */
  static with(handlers: (config: IngestConfig, store: Store) => Handlers): DynamicModule {
    return { module: IngestModule, providers: [{ provide: HANDLERS, inject: [CONFIG, STORE], useFactory: handlers }] }
  }

  constructor(@Inject(STORE) private readonly store: Store) {}

  /** After the last answer is out. */
  async onApplicationShutdown(): Promise<void> {
    await this.store.close()
  }
}
