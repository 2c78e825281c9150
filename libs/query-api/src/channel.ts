import { Client, credentials, Metadata, type MethodDefinition } from '@grpc/grpc-js'
import { FunnelError } from '@funnel/events'
import { limits } from './limits.js'
import { fromGrpcStatus } from './status.js'

/** A message of which anything may be left out: absent fields have their default. */
export type Init<T> = T extends Date | Uint8Array | string | number | boolean | undefined
  ? T
  : T extends readonly (infer U)[]
    ? readonly Init<U>[]
    : T extends { $case: string; value: unknown }
      ? { $case: T['$case']; value: Init<T['value']> }
      : { [K in keyof T]?: Init<T[K]> | undefined }

export interface ClientOptions {
  /** The admin token, where the server has one. */
  readonly token?: string | undefined
  /** Milliseconds a call may take; `limits.deadline` when absent. Streams have none. */
  readonly deadline?: number | undefined
}

export interface CallOptions {
  /** Instead of the client's. */
  readonly deadline?: number | undefined
  readonly signal?: AbortSignal | undefined
}

interface Codec<T> {
  fromPartial(init: never): T
}

/**
 * A channel to a service at `host:port`. Connects when first used, and again whenever needed. Calls throw the FunnelError
 * the server threw: UNAVAILABLE when nobody answers, DEADLINE when it takes too long.
 */
export function createChannel(address: string, options: ClientOptions = {}) {
  const channel = new Client(address, credentials.createInsecure(), {
    'grpc.max_receive_message_length': limits.maxAnswer,
    'grpc.max_send_message_length': limits.maxRequest,
    // a service that was restarted is met again within a second, not after the two minutes that it may take otherwise
    'grpc.initial_reconnect_backoff_ms': 100,
    'grpc.max_reconnect_backoff_ms': 1000,
  })
  const metadata = () => {
    const metadata = new Metadata()
    if (options.token) metadata.set('authorization', `Bearer ${options.token}`)
    return metadata
  }

  const unary =
    <Q, A>(method: MethodDefinition<Q, A>, request: Codec<Q>) =>
    (init: Init<Q> = {} as Init<Q>, call: CallOptions = {}): Promise<A> =>
      new Promise((resolve, reject) => {
        const running = channel.makeUnaryRequest(
          method.path,
          method.requestSerialize,
          method.responseDeserialize,
          request.fromPartial(init as never),
          metadata(),
          { deadline: Date.now() + (call.deadline ?? options.deadline ?? limits.deadline) },
          (error, answer) => {
            call.signal?.removeEventListener('abort', cancel)
            if (error) reject(fromGrpcStatus(error))
            else if (answer === undefined) reject(new FunnelError('INTERNAL', `${method.path} gave no answer`))
            else resolve(answer)
          },
        )
        const cancel = () => running.cancel()
        if (call.signal?.aborted) cancel()
        else call.signal?.addEventListener('abort', cancel, { once: true })
      })

  const stream = <Q, A>(method: MethodDefinition<Q, A>, request: Codec<Q>) =>
    async function* (init: Init<Q> = {} as Init<Q>, call: CallOptions = {}): AsyncGenerator<A, void, undefined> {
      if (call.signal?.aborted) return
      const running = channel.makeServerStreamRequest(
        method.path,
        method.requestSerialize,
        method.responseDeserialize,
        request.fromPartial(init as never),
        metadata(),
        call.deadline === undefined ? {} : { deadline: Date.now() + call.deadline },
      )
      const cancel = () => running.cancel()
      call.signal?.addEventListener('abort', cancel, { once: true })
      try {
        for await (const answer of running) yield answer as A
      } catch (error) {
        if (call.signal?.aborted) return
        throw fromGrpcStatus(error as Parameters<typeof fromGrpcStatus>[0])
      } finally {
        call.signal?.removeEventListener('abort', cancel)
        running.cancel()
      }
    }

  return { unary, stream, close: () => channel.close() }
}
