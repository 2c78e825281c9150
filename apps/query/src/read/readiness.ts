import { Inject, Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common'
import { Health } from '@funnel/platform'
import { ReadModels } from './read-models.js'

const LOOK = 1000

/** Ready while there is a live generation that can be asked; looked at every second. */
@Injectable()
export class Readiness implements OnModuleInit, OnModuleDestroy {
  #why: string | undefined = 'not looked yet'
  #stopped = false
  #timer: NodeJS.Timeout | undefined

  constructor(
    @Inject(ReadModels) private readonly models: ReadModels,
    @Inject(Health) private readonly health: Health,
  ) {}

  async onModuleInit(): Promise<void> {
    this.health.ready('read-models', () => this.#why)
    await this.#look()
  }

  onModuleDestroy(): void {
    this.#stopped = true
    clearTimeout(this.#timer)
  }

  async #look(): Promise<void> {
    try {
      await this.models.generations.current()
      this.#why = undefined
    } catch (error) {
      this.#why = error instanceof Error ? error.message : String(error)
    }
    if (!this.#stopped) this.#timer = setTimeout(() => void this.#look(), LOOK).unref()
  }
}
