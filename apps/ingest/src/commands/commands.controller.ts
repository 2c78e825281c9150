import type { IncomingMessage } from 'node:http'
import { Controller, HttpCode, Inject, Post, Req } from '@nestjs/common'
import type { CommandAnswer, CommandDoor } from './door.js'

export const COMMAND_DOOR = Symbol('command door')

/** `POST /v1/commands`. */
@Controller('v1')
export class CommandsController {
  constructor(@Inject(COMMAND_DOOR) private readonly door: CommandDoor) {}

  /** Answers after commit, with what was recorded. */
  @Post('commands')
  @HttpCode(200)
  carryOut(@Req() { raw }: { readonly raw: IncomingMessage }): Promise<CommandAnswer> {
    return this.door.take(raw.headers, raw)
  }
}
