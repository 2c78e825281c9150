import type { IncomingMessage } from 'node:http'
import { Controller, Get, HttpCode, Inject, Post, Req } from '@nestjs/common'
import { limits, type Limits } from '../limits.js'
import type { Answer } from './answer.js'
import type { Door } from './door.js'

export const DOOR = Symbol('door')

/** `POST /v1/events` and what a client must know to use it. */
@Controller('v1')
export class EventsController {
  constructor(@Inject(DOOR) private readonly door: Door) {}

  /** Answers after commit, with a verdict per event. */
  @Post('events')
  @HttpCode(200)
  record(@Req() { raw }: { readonly raw: IncomingMessage }): Promise<Answer> {
    return this.door.take(raw.headers, raw)
  }

  @Get('limits')
  limits(): Limits {
    return limits
  }
}
