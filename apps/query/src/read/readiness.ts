import { Inject, Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common'
import { Health } from '@funnel/platform'
import { ReadModels } from './read-models.js'

const LOOK = 1000
/** A look that goes on for longer finds nothing: the database is silent. Milliseconds. */
const PATIENCE = 5000

/** Ready while there is a live generation that can be asked; looked at every second, for at most PATIENCE. */
@Injectable()
export class Readiness implements OnModuleInit, OnModuleDestroy {
  #why: string | undefined = 'not looked yet'
  #lookingSince: number | undefined
  #stopped = false
  #timer: NodeJS.Timeout | undefined

  constructor(
    @Inject(ReadModels) private readonly models: ReadModels,
    @Inject(Health) private readonly health: Health,
  ) {}

  async onModuleInit(): Promise<void> {
    this.health.ready('read-models', () => this.#why ?? this.#silence())
    await this.#look()
  }

  onModuleDestroy(): void {
    this.#stopped = true
    clearTimeout(this.#timer)
  }

  async #look(): Promise<void> {
    this.#lookingSince = performance.now()
    try {
      await this.models.generations.current()
      this.#why = undefined
    } catch (error) {
      this.#why = error instanceof Error ? error.message : String(error)
    }
    this.#lookingSince = undefined
    if (!this.#stopped) this.#timer = setTimeout(() => void this.#look(), LOOK).unref()
  }

  #silence(): string | undefined {
    const silence = this.#lookingSince === undefined ? 0 : performance.now() - this.#lookingSince
    return silence > PATIENCE
      ? `The read models’ database has not answered for ${Math.round(silence / 1000)} s; try again`
      : undefined
  }
}
