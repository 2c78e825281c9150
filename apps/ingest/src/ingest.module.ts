import { Inject, Module, type OnApplicationShutdown } from '@nestjs/common'
import { CONFIG, Health } from '@funnel/platform'
import { Registry } from 'prom-client'
import { createBudget } from './body/budget.js'
import type { IngestConfig } from './config.js'
import { createDoor } from './events/door.js'
import { DOOR, EventsController } from './events/events.controller.js'
import { createRecorder } from './events/recorder.js'
import { createScanner } from './json/scanner.js'
import { limits } from './limits.js'
import { createMetrics } from './metrics.js'
import { openStore, type Store } from './store.js'

const STORE = Symbol('store')

@Module({
  controllers: [EventsController],
  providers: [
    {
      provide: STORE,
      inject: [CONFIG, Health],
      useFactory: ({ databaseUrl }: IngestConfig, health: Health) => openStore(databaseUrl, health),
    },
    {
      provide: DOOR,
      inject: [STORE, CONFIG, Registry],
      useFactory: ({ keys, commit, events }: Store, { inFlightBytes }: IngestConfig, registry: Registry) => {
        const budget = createBudget(inFlightBytes)
        const metrics = createMetrics(registry, budget, () => commit.pending)
        const recorder = createRecorder(createScanner(limits), commit, events)
        return createDoor({ keys, recorder, budget, limits, metrics })
      },
    },
  ],
})
export class IngestModule implements OnApplicationShutdown {
  constructor(@Inject(STORE) private readonly store: Store) {}

  /** After the last answer is out. */
  async onApplicationShutdown(): Promise<void> {
    await this.store.close()
  }
}
