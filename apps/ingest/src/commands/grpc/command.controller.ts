import { Controller, Inject, UseFilters } from '@nestjs/common'
import { GrpcMethod } from '@nestjs/microservices'
import type { Metadata } from '@grpc/grpc-js'
import { FunnelError } from '@funnel/events'
import { deadlineOf, ErrorsFilter, type Call } from '@funnel/platform/grpc'
import type { ExecuteRequest, ExecuteResponse } from '@funnel/query-api'
import type { CommandKeys } from '../../keys/command-keys.js'
import type { Desk } from '../desk.js'
import { requestKey } from '../headers.js'
import { fieldsOf, toResponse, typeOfCase } from './wire.js'

export const DESK = Symbol('desk')
export const COMMAND_KEYS = Symbol('command keys')

/** Commands over gRPC: the same keys, rules and answers as over HTTP. */
@Controller()
@UseFilters(ErrorsFilter)
export class CommandRpcController {
  constructor(
    @Inject(DESK) private readonly desk: Desk,
    @Inject(COMMAND_KEYS) private readonly keys: CommandKeys,
  ) {}

  @GrpcMethod('CommandService')
  async execute(request: ExecuteRequest, metadata: Metadata, call: Call): Promise<ExecuteResponse> {
    const source = await this.keys.sourceOf({
      token: headerOf(metadata, 'x-funnel-token'),
      authorization: headerOf(metadata, 'authorization'),
    })
    const { idempotencyKey, expectedVersion, actor, command } = request
    const key = requestKey(idempotencyKey, 'idempotency_key')
    if (expectedVersion !== undefined && expectedVersion < 0)
      throw new FunnelError('INVALID', 'expected_version must be the version of the stream; 0 for a new one', {
        field: 'expected_version',
      })
    // who has gone would not hear of it, and the same key makes it safe to ask again
    if (deadlineOf(call) <= Date.now())
      throw new FunnelError('DEADLINE', 'the deadline passed before anything was done')
    const handled = await this.desk.carryOut({
      type: command && typeOfCase(command.$case),
      fields: command ? fieldsOf(command) : {},
      actor,
      source,
      key,
      ...(expectedVersion !== undefined && { expected: expectedVersion }),
    })
    return toResponse(handled)
  }
}

const headerOf = (metadata: Metadata, name: string): string | undefined => {
  const [value] = metadata.get(name)
  return typeof value === 'string' ? value : undefined
}
